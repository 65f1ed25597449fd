"""Run exported models without Keras and TensorFlow: NumPy and a LiteRT runtime are enough."""

from .errors import ModelError
from .metadata import Metadata, read_metadata

__all__ = ["Metadata", "ModelError", "read_metadata"]
