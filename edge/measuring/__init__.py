"""How fast models run."""
