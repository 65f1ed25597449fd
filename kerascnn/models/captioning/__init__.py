"""Systems that say in words what is in a picture."""
