"""The model file: its structure, checked, and the description inside."""
