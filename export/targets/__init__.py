"""What the devices take, and how a model is written for them."""
