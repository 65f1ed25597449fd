"""Systems that name every pixel."""
