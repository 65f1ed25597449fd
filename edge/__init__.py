"""Run exported models without Keras and TensorFlow: NumPy and a LiteRT runtime are enough."""

from .description.archive import read_metadata, write_metadata
from .description.detector import Detector
from .description.metadata import Metadata
from .description.tokens import Tokens
from .errors import ModelError
from .measuring.benchmarking import Benchmark, benchmark
from .runtime.interpreters import Runtime, delegates, runtimes
from .runtime.loading import load
from .runtime.model import Model
from .runtime.tensors import TensorSpec
from .tasks.drawing import draw
from .tasks.imaging import generate, reconstruct
from .tasks.recognition import Class, classify, embed, segment
from .tasks.table import TASKS

__all__ = [
    "TASKS",
    "Benchmark",
    "Class",
    "Detector",
    "Metadata",
    "Model",
    "ModelError",
    "Runtime",
    "TensorSpec",
    "Tokens",
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
