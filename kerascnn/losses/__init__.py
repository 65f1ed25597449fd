"""The survey's losses: pure unreduced functions, and Keras losses around them."""

from kerascnn.backend import require_tensorflow_backend

require_tensorflow_backend()

from kerascnn.losses.adversarial import adversarial_losses, gan_value
from kerascnn.losses.capsule import CapsuleMargin, capsule_margin
from kerascnn.losses.contrastive import Contrastive, contrastive
from kerascnn.losses.divergence import GaussianKL, JensenShannon, gaussian_kl, jensen_shannon
from kerascnn.losses.f_divergence import FDivergence, f_divergence, find_divergence
from kerascnn.losses.framed_ctc import FramedCTC, framed_ctc
from kerascnn.losses.grid_boxes import GridBoxes, grid_boxes
from kerascnn.losses.hinge import Hinge, hinge
from kerascnn.losses.keypoints import (
    HeatmapError,
    KeypointError,
    heatmap_error,
    keypoint_error,
)
from kerascnn.losses.likelihood import bernoulli_nats, gaussian_nats
from kerascnn.losses.multi_box import MultiBox, multi_box
from kerascnn.losses.multi_label_hinge import MultiLabelHinge, multi_label_hinge
from kerascnn.losses.object_capsules import (
    object_sparsity,
    part_nats,
    presence_entropies,
    uneven_presences,
)
from kerascnn.losses.sequence_crossentropy import SequenceCrossentropy, sequence_crossentropy
from kerascnn.losses.smoothed import SmoothedCrossentropy, smoothed_crossentropy
from kerascnn.losses.spread import Spread, spread
from kerascnn.losses.triplet import Triplet, triplet

__all__ = [
    "CapsuleMargin",
    "Contrastive",
    "FDivergence",
    "FramedCTC",
    "GaussianKL",
    "GridBoxes",
    "HeatmapError",
    "Hinge",
    "JensenShannon",
    "KeypointError",
    "MultiBox",
    "MultiLabelHinge",
    "SequenceCrossentropy",
    "SmoothedCrossentropy",
    "Spread",
    "Triplet",
    "adversarial_losses",
    "bernoulli_nats",
    "capsule_margin",
    "contrastive",
    "f_divergence",
    "find_divergence",
    "framed_ctc",
    "gan_value",
    "gaussian_kl",
    "gaussian_nats",
    "grid_boxes",
    "heatmap_error",
    "hinge",
    "jensen_shannon",
    "keypoint_error",
    "multi_box",
    "multi_label_hinge",
    "object_sparsity",
    "part_nats",
    "presence_entropies",
    "sequence_crossentropy",
    "smoothed_crossentropy",
    "spread",
    "triplet",
    "uneven_presences",
]
