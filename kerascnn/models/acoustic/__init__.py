"""Systems that tell the state of each frame of a recording."""
