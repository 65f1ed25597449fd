"""Schemes of training that Keras's own `fit` step does not have."""

from kerascnn.backend import require_tensorflow_backend

require_tensorflow_backend()

from kerascnn.training.adversarial import GAN
from kerascnn.training.auxiliary import AuxiliaryClassifiers
from kerascnn.training.collapse import StopOnCollapse
from kerascnn.training.detection import DenseCaptioner, SingleShot
from kerascnn.training.distribution import (
    WorkerLostError,
    strategy,
    synchronize_normalization,
)
from kerascnn.training.error_feedback import ErrorFeedback
from kerascnn.training.gradient_penalty import gradient_penalty
from kerascnn.training.growing_gan import GrowingGAN
from kerascnn.training.multi_scale_gan import MultiScaleGAN
from kerascnn.training.networks import parts
from kerascnn.training.reconstructing import ReconstructingClassifier
from kerascnn.training.restorer import Restorer
from kerascnn.training.rising_margin import RisingMargin
from kerascnn.training.semi_supervised import SemiSupervised
from kerascnn.training.sequence_to_sequence import SequenceToSequence
from kerascnn.training.spatial_model import spatial_model
from kerascnn.training.unsupervised import Unsupervised

__all__ = [
    "GAN",
    "AuxiliaryClassifiers",
    "DenseCaptioner",
    "ErrorFeedback",
    "GrowingGAN",
    "MultiScaleGAN",
    "ReconstructingClassifier",
    "Restorer",
    "RisingMargin",
    "SemiSupervised",
    "SequenceToSequence",
    "SingleShot",
    "StopOnCollapse",
    "Unsupervised",
    "WorkerLostError",
    "gradient_penalty",
    "parts",
    "spatial_model",
    "strategy",
    "synchronize_normalization",
]
