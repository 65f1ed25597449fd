"""What a model is asked for, by the name of its task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .imaging import generate, reconstruct
from .recognition import classify, embed, segment

TASKS: Mapping[str, Callable[..., Any]] = {
    "classification": classify,
    "embedding": embed,
    "segmentation": segment,
    "autoencoding": reconstruct,
    "generation": generate,
}
