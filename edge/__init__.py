"""Run exported models without Keras and TensorFlow: NumPy and a LiteRT runtime are enough."""

from .archive import read_metadata, write_metadata
from .benchmarking import Benchmark, benchmark
from .drawing import draw
from .errors import ModelError
from .imaging import generate, reconstruct
from .interpreters import Runtime, delegates, runtimes
from .loading import load
from .metadata import Metadata
from .model import Model
from .recognition import Class, classify, embed, segment
from .tasks import TASKS
from .tensors import TensorSpec

__all__ = [
    "TASKS",
    "Benchmark",
    "Class",
    "Metadata",
    "Model",
    "ModelError",
    "Runtime",
    "TensorSpec",
    "benchmark",
    "classify",
    "delegates",
    "draw",
    "embed",
    "generate",
    "load",
    "read_metadata",
    "reconstruct",
    "runtimes",
    "segment",
    "write_metadata",
]
