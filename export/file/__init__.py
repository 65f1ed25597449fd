"""What a `.tflite` file holds, read without a runtime."""
