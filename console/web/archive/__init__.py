"""What is kept: the tree, search, copies and download."""
