"""Run exported models without Keras and TensorFlow: NumPy and a LiteRT runtime are enough."""

from .capture.frames import frames
from .capture.reading import Frame
from .decoding.anchors import decode_grid, decode_ssd, decode_yolo
from .decoding.beam_search import Sentence, beam_search
from .decoding.boxes import non_max_suppression, pairwise_iou
from .decoding.components import connected_components
from .decoding.ctc import ctc_beam_search, ctc_greedy
from .decoding.heatmaps import decode_heatmaps
from .decoding.regions import propose_regions
from .description.archive import read_metadata, write_metadata
from .description.detector import Detector
from .description.metadata import Metadata
from .description.tokens import Tokens
from .drawing.draw import draw
from .errors import ModelError
from .measuring.benchmarking import Benchmark, benchmark
from .measuring.instructions import InstructionCount, count_instructions
from .measuring.operators import OperatorTime, Profile, profile
from .runtime.interpreters import Runtime, delegates, runtimes
from .runtime.loading import load
from .runtime.model import Model
from .runtime.tensors import TensorSpec
from .tasks.acoustic import Stretch, segment_sound
from .tasks.captioning import caption
from .tasks.detection import Detection, detect
from .tasks.generation import generate
from .tasks.imaging import improve, reconstruct
from .tasks.neighbours import Gallery, Neighbour
from .tasks.pose import Keypoint, locate
from .tasks.recognition import Class, classify, embed, instances, segment
from .tasks.regions import describe
from .tasks.speech import transcribe
from .tasks.table import TASKS, Head
from .tasks.text import Text
from .tasks.tiling import tiled
from .tasks.translation import translate

__all__ = [
    "TASKS",
    "Benchmark",
    "Class",
    "Detection",
    "Detector",
    "Frame",
    "Gallery",
    "Head",
    "InstructionCount",
    "Keypoint",
    "Metadata",
    "Model",
    "ModelError",
    "Neighbour",
    "OperatorTime",
    "Profile",
    "Runtime",
    "Sentence",
    "Stretch",
    "TensorSpec",
    "Text",
    "Tokens",
    "beam_search",
    "benchmark",
    "caption",
    "classify",
    "connected_components",
    "count_instructions",
    "ctc_beam_search",
    "ctc_greedy",
    "decode_grid",
    "decode_heatmaps",
    "decode_ssd",
    "decode_yolo",
    "delegates",
    "describe",
    "detect",
    "draw",
    "embed",
    "frames",
    "generate",
    "improve",
    "instances",
    "load",
    "locate",
    "non_max_suppression",
    "pairwise_iou",
    "profile",
    "propose_regions",
    "read_metadata",
    "reconstruct",
    "runtimes",
    "segment",
    "segment_sound",
    "tiled",
    "transcribe",
    "translate",
    "write_metadata",
]
