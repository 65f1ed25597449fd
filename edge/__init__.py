"""Run exported models without Keras and TensorFlow: NumPy and a LiteRT runtime are enough."""

from .archive import read_metadata, write_metadata
from .errors import ModelError
from .loading import load
from .metadata import Metadata
from .model import Model
from .runtimes import Runtime, delegates, runtimes
from .tensors import TensorSpec

__all__ = [
    "Metadata",
    "Model",
    "ModelError",
    "Runtime",
    "TensorSpec",
    "delegates",
    "load",
    "read_metadata",
    "runtimes",
    "write_metadata",
]
