"""A printer for the label side of discs, with a tray for one, and the camera above it.

The queue behaves as CUPS does for a printer that reports its state. Its jobs are the computer's
and not in the world: a power cut forgets them; what is printed on a disc stays printed.

Not modelled: several copies, pages, options of a job, drying, a label that is printed over another
(the new one hides the old), and a tray that meets an obstacle.
"""
