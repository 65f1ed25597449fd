"""What models are asked for: a function a task."""
