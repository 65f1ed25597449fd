"""Systems that give back what an image has lost."""
