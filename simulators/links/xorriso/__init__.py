"""The burner command: xorriso's words, answers and exit codes over a simulated drive.

Sources: xorriso 1.5.4 as it behaves with `stdio:`, its manual pages, libburn's sense texts
(`libburn/spc.c`), and transcripts of real drives. Known words: `-no_rc`, `-outdev`, `-toc`,
`-eject`, and `-as cdrecord` with the options of a burn from standard input.

Not modelled: reading words into an ISO tree, several sessions, formatting, blanking, and
the contents of xorriso's ring buffer (its figures are made up).
"""
