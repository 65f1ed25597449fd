"""Imports tensorflow-model-optimization without its side effect."""

from __future__ import annotations

import importlib
import os
from typing import Any

import tensorflow as tf

_SWITCH = "TF_USE_LEGACY_KERAS"


def load_tfmot() -> Any:
    """Import tensorflow-model-optimization and leave `tf.keras` what it was.

    Imported in the ordinary way, the package turns `tf.keras` into Keras 2 for the whole process.

    Returns:
        The package, as by `import tensorflow_model_optimization`.

    Raises:
        ModuleNotFoundError: If it is not installed.

    Example:
        >>> quantizers = load_tfmot().quantization.keras.quantizers  # doctest: +SKIP
    """
    former = os.environ.get(_SWITCH)
    hasattr(tf.keras, "__version__")  # decides what tf.keras is, before the package does
    try:
        return importlib.import_module("tensorflow_model_optimization")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "tensorflow-model-optimization is not installed. Install it with: "
            'pip install "kerascnn[tfmot]"',
            name=error.name,
        ) from error
    finally:
        if former is None:
            os.environ.pop(_SWITCH, None)
        else:
            os.environ[_SWITCH] = former
