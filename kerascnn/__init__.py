"""Convolutional systems for Keras 3, from `model.fit` to int8 models that run without TensorFlow.

Importing the package imports neither keras nor tensorflow: each room is loaded when it is named.
"""

import importlib
from typing import TYPE_CHECKING, Any

from kerascnn.registry import create_model, get_system, list_models, register

if TYPE_CHECKING:
    from kerascnn import data, edge, export, layers, losses, models, tasks, training

__version__ = "0.1.0.dev0"

__all__ = [
    "create_model",
    "data",
    "edge",
    "export",
    "get_system",
    "layers",
    "list_models",
    "losses",
    "models",
    "register",
    "tasks",
    "training",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return importlib.import_module(f"kerascnn.{name}")
    raise AttributeError(f"module 'kerascnn' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
