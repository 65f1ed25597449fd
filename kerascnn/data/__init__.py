"""Data sets with train, validation and test splits, each with its licence and its source."""

from kerascnn.backend import require_tensorflow_backend

require_tensorflow_backend()

from kerascnn.data.captions import from_captions
from kerascnn.data.catalogue import least_side, list_datasets, list_options, load
from kerascnn.data.dataset import Dataset, arrays
from kerascnn.data.in_memory import from_arrays
from kerascnn.data.record_writing import write_records
from kerascnn.data.regions import from_regions
from kerascnn.data.sounds import from_sounds
from kerascnn.data.texts import from_texts

__all__ = [
    "Dataset",
    "arrays",
    "from_arrays",
    "from_captions",
    "from_regions",
    "from_sounds",
    "from_texts",
    "least_side",
    "list_datasets",
    "list_options",
    "load",
    "write_records",
]
