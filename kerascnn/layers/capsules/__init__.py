"""Capsules: vectors or matrices that stand for an entity and route to the ones above."""

from kerascnn.backend import require_tensorflow_backend

require_tensorflow_backend()

from kerascnn.layers.capsules.capsule import Capsule, dynamic_routing
from kerascnn.layers.capsules.class_capsule import ClassCapsule
from kerascnn.layers.capsules.conv_capsule import ConvCapsule
from kerascnn.layers.capsules.decoder import CapsuleDecoder
from kerascnn.layers.capsules.em_routing import em_routing
from kerascnn.layers.capsules.mask import CapsuleMask
from kerascnn.layers.capsules.matrix_primary import PrimaryMatrixCapsules
from kerascnn.layers.capsules.primary import PrimaryCapsules
from kerascnn.layers.capsules.squash import CapsuleLength, squash

__all__ = [
    "Capsule",
    "CapsuleDecoder",
    "CapsuleLength",
    "CapsuleMask",
    "ClassCapsule",
    "ConvCapsule",
    "PrimaryCapsules",
    "PrimaryMatrixCapsules",
    "dynamic_routing",
    "em_routing",
    "squash",
]
