"""From a Keras model to the bytes of a `.tflite` file, in a process of its own."""
