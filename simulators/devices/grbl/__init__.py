"""A GRBL 1.1h motion controller as a machine without I/O.

Source: github.com/gnea/grbl, tag v1.1h.20190830. `controller.Controller.update` takes
the bytes that came over the serial wire and the state of the pins, and gives the bytes
that go back, the motion under way and the time at which it wants to be asked again.

Not modelled: junction speeds (each block starts and ends at rest), arcs (G2, G3),
offsets (G10, G28, G30, G43.1, G92) and work coordinates other than zero, inverse time
(G93), startup lines, parking, the time that a byte takes on the wire, step loss.
A command that is not modelled is answered with `error:20`, as GRBL answers what it
does not know.
"""
