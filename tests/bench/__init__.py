"""`make bench`: speed and memory, each beside a peer in the same run. Not part of the tests."""
