"""Systems that make one text of another."""
