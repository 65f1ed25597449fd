"""Capsules: vectors or matrices that stand for an entity and route to the ones above."""

from kerascnn.layers.capsules.canvas import canvas_mean, canvas_nats
from kerascnn.layers.capsules.capsule import Capsule, dynamic_routing
from kerascnn.layers.capsules.class_capsule import ClassCapsule
from kerascnn.layers.capsules.conv_capsule import ConvCapsule
from kerascnn.layers.capsules.decoder import CapsuleDecoder
from kerascnn.layers.capsules.em_routing import em_routing
from kerascnn.layers.capsules.mask import CapsuleMask
from kerascnn.layers.capsules.matrix_primary import PrimaryMatrixCapsules
from kerascnn.layers.capsules.parts import PartCapsules
from kerascnn.layers.capsules.pose import geometric_pose
from kerascnn.layers.capsules.primary import PrimaryCapsules
from kerascnn.layers.capsules.squash import CapsuleLength, squash
from kerascnn.layers.capsules.templates import TemplateDecoder
from kerascnn.layers.capsules.tint import Tint
from kerascnn.layers.capsules.votes import PartVotes

__all__ = [
    "Capsule",
    "CapsuleDecoder",
    "CapsuleLength",
    "CapsuleMask",
    "ClassCapsule",
    "ConvCapsule",
    "PartCapsules",
    "PartVotes",
    "PrimaryCapsules",
    "PrimaryMatrixCapsules",
    "TemplateDecoder",
    "Tint",
    "canvas_mean",
    "canvas_nats",
    "dynamic_routing",
    "em_routing",
    "geometric_pose",
    "squash",
]
