"""Systems that say what is where."""
