"""What a model file says about itself."""
