"""The graph of a Keras model: opened, read, and written in other layers that compute the same."""
