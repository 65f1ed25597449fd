"""Capsules: vectors or matrices that stand for an entity and route to the ones above."""

from kerascnn.backend import require_tensorflow_backend

require_tensorflow_backend()

from kerascnn.layers.capsules.capsule import Capsule, dynamic_routing
from kerascnn.layers.capsules.decoder import CapsuleDecoder
from kerascnn.layers.capsules.mask import CapsuleMask
from kerascnn.layers.capsules.primary import PrimaryCapsules
from kerascnn.layers.capsules.squash import CapsuleLength, squash

__all__ = [
    "Capsule",
    "CapsuleDecoder",
    "CapsuleLength",
    "CapsuleMask",
    "PrimaryCapsules",
    "dynamic_routing",
    "squash",
]
