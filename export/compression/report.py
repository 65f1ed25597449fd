"""What pruning and clustering bring, in numbers."""

from __future__ import annotations

import dataclasses
import gzip
import json
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from .kernels import kernels
from .tally import LayerWeights, tally, tally_file

if TYPE_CHECKING:
    from rich.table import Table

_SPARSE = 0.1  # zeros that no rounding explains
_FEW = 64


@dataclass(frozen=True, kw_only=True)
class CompressionReport:
    """What the weights of a model or a file are made of.

    Args:
        name: The model or file.
        size: Bytes of the file; of a model, bytes of its weights.
        compressed: The same, compressed by gzip.
        dense_size: Bytes of what it was compared with; None without a comparison.
        dense_compressed: The same, compressed by gzip.
        layers: The kernels, in the order they run.
    """

    name: str
    size: int
    compressed: int
    dense_size: int | None
    dense_compressed: int | None
    layers: tuple[LayerWeights, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about what the numbers mean on a device."""
        notes = []
        dead = sum(layer.dead for layer in self.layers)
        if dead:
            notes.append(f"{dead} filters are zero throughout: shrink cuts out what it can.")
        sparse = any(layer.sparsity > _SPARSE for layer in self.layers)
        if sparse or any(layer.unique <= _FEW for layer in self.layers):
            notes.append(
                "Zeros and shared values make the compressed file smaller, for downloads and "
                "archives; on the device the model is as large and as slow as before."
            )
        return tuple(notes)

    def summary(self) -> str:
        """Say in one line what matters."""
        text = f"{self.size:,} bytes, {self.compressed:,} by gzip"
        if self.dense_size is None or self.dense_compressed is None:
            return text
        saved, packed = self.dense_size - self.size, self.dense_compressed - self.compressed
        return (
            f"{text}; {saved / self.dense_size:.0%} smaller than the dense one, "
            f"{packed / self.dense_compressed:.0%} by gzip"
        )

    def table(self) -> Table:
        """Show the layers as a rich table, with the summary and the notes below."""
        from rich.table import Table

        table = Table(
            *("Layer", "Shape", "Type", "Zeros", "Values", "Zero filters"),
            title=self.name,
            caption="\n".join((self.summary(), *self.notes)),
            caption_justify="left",
        )
        for layer in self.layers:
            shape = " x ".join(map(str, layer.shape))
            numbers = (f"{layer.sparsity:.1%}", f"{layer.unique:,}", str(layer.dead))
            table.add_row(layer.layer, shape, layer.dtype, *numbers)
        return table

    def to_dict(self) -> dict[str, Any]:
        """Give everything, with what is computed from the fields, as what JSON can hold."""
        return dataclasses.asdict(self) | {"notes": list(self.notes)}

    def to_json(self) -> str:
        """Give everything as JSON text."""
        return json.dumps(self.to_dict(), indent=2)


def compression_report(
    source: keras.Model | str | PathLike[str],
    *,
    dense: keras.Model | str | PathLike[str] | None = None,
) -> CompressionReport:
    """Count zeros, different values and bytes of a model or a `.tflite` file.

    Args:
        source: A built Keras model, or a `.tflite` file.
        dense: The model or file before pruning and clustering, to compare with.

    Returns:
        The report.

    Raises:
        ValueError: If a model is not built.
        FileNotFoundError: If there is no such file.
        kerascnn.edge.ModelError: If the file isn't a TFLite model, or is damaged.

    Example:
        >>> report = kerascnn.export.compression_report(  # doctest: +SKIP
        ...     "pruned.tflite", dense="dense.tflite"
        ... )
        >>> report.summary()  # doctest: +SKIP
        '31,072 bytes, 10,630 by gzip; 0% smaller than the dense one, 53% by gzip'
    """
    data = _bytes(source)
    other = None if dense is None else _bytes(dense)
    if isinstance(source, keras.Model):
        layers = [
            tally(kernel.path, keras.ops.convert_to_numpy(kernel.variable), kernel.outputs)
            for kernel in kernels(source, (), ("*",))
        ]
    else:
        layers = list(tally_file(Path(source)))
    return CompressionReport(
        name=source.name if isinstance(source, keras.Model) else Path(source).name,
        size=len(data),
        compressed=len(gzip.compress(data)),
        dense_size=None if other is None else len(other),
        dense_compressed=None if other is None else len(gzip.compress(other)),
        layers=tuple(layers),
    )


def _bytes(source: keras.Model | str | PathLike[str]) -> bytes:
    if isinstance(source, keras.Model):
        return b"".join(keras.ops.convert_to_numpy(weight).tobytes() for weight in source.weights)
    return Path(source).read_bytes()
