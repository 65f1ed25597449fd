"""Systems that say in words what is where in a picture."""
