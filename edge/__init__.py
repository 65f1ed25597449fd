"""Run exported models without Keras and TensorFlow: NumPy and a LiteRT runtime are enough."""

from .decoding.anchors import decode_grid, decode_ssd, decode_yolo
from .decoding.beam_search import Sentence, beam_search
from .decoding.boxes import non_max_suppression, pairwise_iou
from .decoding.ctc import ctc_beam_search, ctc_greedy
from .decoding.heatmaps import decode_heatmaps
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
    "Sentence",
    "TensorSpec",
    "Tokens",
    "beam_search",
    "benchmark",
    "classify",
    "ctc_beam_search",
    "ctc_greedy",
    "decode_grid",
    "decode_heatmaps",
    "decode_ssd",
    "decode_yolo",
    "delegates",
    "draw",
    "embed",
    "generate",
    "load",
    "non_max_suppression",
    "pairwise_iou",
    "read_metadata",
    "reconstruct",
    "runtimes",
    "segment",
    "write_metadata",
]
