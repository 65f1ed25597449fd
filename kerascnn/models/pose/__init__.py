"""Systems that find the key points of a body."""
