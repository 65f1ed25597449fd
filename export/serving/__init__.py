"""Models for TF Serving."""
