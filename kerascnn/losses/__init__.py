"""The survey's losses: pure unreduced functions, and Keras losses around them."""

from kerascnn.backend import require_tensorflow_backend

require_tensorflow_backend()

from kerascnn.losses.adversarial import adversarial_losses, gan_value
from kerascnn.losses.capsule import CapsuleMargin, capsule_margin
from kerascnn.losses.divergence import GaussianKL, gaussian_kl
from kerascnn.losses.likelihood import bernoulli_nats
from kerascnn.losses.spread import Spread, spread
from kerascnn.losses.triplet import Triplet, triplet

__all__ = [
    "CapsuleMargin",
    "GaussianKL",
    "Spread",
    "Triplet",
    "adversarial_losses",
    "bernoulli_nats",
    "capsule_margin",
    "gan_value",
    "gaussian_kl",
    "spread",
    "triplet",
]
