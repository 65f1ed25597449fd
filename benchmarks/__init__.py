"""What our layers and losses cost, against the same thing written another way, in one run."""
