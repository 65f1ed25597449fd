"""Systems that draw new images."""
