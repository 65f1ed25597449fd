"""What a command works on: a run, or a model in a file, or a part of either."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def load_part(source: Path, part: str | None) -> tuple[Any, Path]:
    """Load a model or one of its parts, and say after what its exports are named."""
    import keras

    from kerascnn.cli.runs import Run
    from kerascnn.training import parts

    if not source.exists():
        raise ValueError(f"It must be a run folder or a .keras file. Received: {source}")
    model = Run.open(source).model() if source.is_dir() else keras.saving.load_model(source)
    stem = source / "model" if source.is_dir() else source.with_suffix("")
    if part is None:
        return model, stem
    choices = {layer.name: layer for layer in model.layers} | parts(model)
    if part not in choices:
        raise ValueError(f"A part is one of {', '.join(choices)}. Received: part={part}")
    return choices[part], stem.with_name(part)
