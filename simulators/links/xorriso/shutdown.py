"""What xorriso says when a SIGTERM ends it during a burn; its exit code is then 1."""

TERMINATED = 1
FAREWELL = """
UNIX-SIGNAL:  SIGTERM  errno= 2
xorriso : ABORT : Trying to shut down busy drives
xorriso : ABORT : Wait the normal burning time before any kill -9
libburn : ABORT : Urged drive worker threads to do emergency halt
libburn : FATAL : Burn run failed
xorriso : ABORT : Drive is released and library is shut down now.
xorriso : ABORT : Program done. Even if you do not see a shell prompt.
"""
