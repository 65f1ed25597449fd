"""Training of detectors, and what follows their outputs."""

from kerascnn.training.detection.dense_captioner import DenseCaptioner
from kerascnn.training.detection.heads import (
    anchored_head,
    grid_head,
    post_process_head,
    predict_rows,
)
from kerascnn.training.detection.post_process import OPERATOR, DetectionPostProcess
from kerascnn.training.detection.single_shot import SingleShot
from kerascnn.training.detection.writer import lstm_writer

__all__ = [
    "OPERATOR",
    "DenseCaptioner",
    "DetectionPostProcess",
    "SingleShot",
    "anchored_head",
    "grid_head",
    "lstm_writer",
    "post_process_head",
    "predict_rows",
]
