"""Results as pictures, by Pillow."""
