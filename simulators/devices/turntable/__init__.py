"""The rack library's mechanics: turntable, lift, arm and spring-closed jaws.

Source: the rack library's own description (`world/cabinets/rack.toml`). No I/O and no
clock. Not modelled: the weight and swing of a disc, a jaw that closes while the arm moves
(it acts at its end, where the arm then is), damage by a crash, a tray that moves while
the arm is on its way into it.
"""
