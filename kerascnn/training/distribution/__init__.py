"""Training on several devices and machines by tf.distribute."""

from kerascnn.training.distribution.choice import choose, strategy
from kerascnn.training.distribution.normalization import synchronize_normalization
from kerascnn.training.distribution.workers import (
    WorkerLostError,
    check_parts,
    sharded,
    watching_workers,
    worker_folder,
    worker_number,
)

__all__ = [
    "WorkerLostError",
    "check_parts",
    "choose",
    "sharded",
    "strategy",
    "synchronize_normalization",
    "watching_workers",
    "worker_folder",
    "worker_number",
]
