"""Data sets with train, validation and test splits, each with its licence and its source."""

from kerascnn.backend import require_tensorflow_backend

require_tensorflow_backend()

from kerascnn.data.catalogue import list_datasets, list_options, load
from kerascnn.data.dataset import Dataset, arrays
from kerascnn.data.in_memory import from_arrays

__all__ = ["Dataset", "arrays", "from_arrays", "list_datasets", "list_options", "load"]
