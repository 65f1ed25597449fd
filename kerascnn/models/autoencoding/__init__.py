"""Systems that learn a code from which the image can be restored."""
