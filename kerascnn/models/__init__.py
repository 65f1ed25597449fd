"""The survey's systems: one paper a file, in the folder of its task."""

from kerascnn.backend import require_tensorflow_backend

require_tensorflow_backend()

# Keras finds the classes in a saved model once they are registered.
import kerascnn.layers
import kerascnn.losses
import kerascnn.models.generation
import kerascnn.training  # noqa: F401
from kerascnn.models.deconvnet import deconvnet
from kerascnn.models.features import features

__all__ = ["deconvnet", "features"]
