"""Commands about the disc printer: `lp`, `lpstat`, `cancel` and `tray`.

Sources: the manual pages of CUPS 2.4 and the source of its `lpstat`, for what is printed when and
how. Words are taken in the order in which they stand, as CUPS does: `-l` and `-W` count for what
comes behind them.

`tray` is no program of CUPS: printers with a tray for discs each have their own way to move it, and
a vendor's program for it. Ours knows `open`, `close` and `status`.
"""
