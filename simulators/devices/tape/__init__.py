"""A tape unit: cartridges, the picker that carries them, and drives that stream.

A cartridge's tape files are host files `00000`, `00001`… in its folder, which hold exactly the
bytes between two file marks, so that any program that reads a tape file reads them too.

Not modelled: partitions, set marks, compression, encryption, worm cartridges, cleaning, the
track layout of LTO (winding takes time in proportion to the bytes between two places), early
warning before the end of the tape, and short blocks of a writer that reads a pipe without
`iflag=fullblock`: every block but a tape file's last has the full size.
"""
