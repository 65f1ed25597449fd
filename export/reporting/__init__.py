"""What became of each layer, and how to look at it."""
