"""The search for the cells of a generator, as AutoGAN does it."""

from kerascnn.backend import require_tensorflow_backend

require_tensorflow_backend()

from kerascnn.search.controller import Controller, Sample
from kerascnn.search.inception_score import inception_score
from kerascnn.search.search import Found, search_cells
from kerascnn.search.shared_gan import SharedGAN

__all__ = ["Controller", "Found", "Sample", "SharedGAN", "inception_score", "search_cells"]
