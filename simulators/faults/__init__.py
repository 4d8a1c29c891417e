"""What goes wrong, when and where: said in a scenario file or to a running cabinet."""
