"""Which of the pictures known is most like another one."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike

import numpy as np

from ..runtime.tensors import Array


@dataclass(frozen=True)
class Neighbour:
    """One of the pictures known, by its embedding.

    Args:
        label: Its label.
        score: Cosine of the angle between the two embeddings, in [-1, 1].
        index: Its place in the gallery.
    """

    label: str
    score: float
    index: int


class Gallery:
    """Embeddings with a label each, to be compared with others.

    Args:
        embeddings: Shape (n, dim), n at least 1; made by `embed`, or of any length but 0.
        labels: The label of each.

    Attributes:
        embeddings: The same, scaled to length 1, float32.
        labels: The label of each.

    Raises:
        ValueError: If there are none, not as many labels, or one has no direction.
    """

    def __init__(self, embeddings: Array | Sequence[Array], labels: Sequence[str]) -> None:
        vectors = np.asarray(embeddings, np.float32)
        if vectors.ndim != 2 or not vectors.size or len(labels) != len(vectors):
            raise ValueError(
                "A gallery has embeddings (n, dim), at least one, and a label for each. "
                f"Received: shape={vectors.shape}, {len(labels)} labels"
            )
        self.embeddings = _unit(vectors)
        self.labels = tuple(map(str, labels))

    def nearest(self, vector: Array, k: int = 5) -> list[Neighbour]:
        """Find the embeddings with the smallest angle to another one.

        Args:
            vector: The embedding to compare with, of shape (dim,).
            k: Number of neighbours, at least 1.

        Returns:
            At most `k` neighbours, the nearest first; equally near ones in the gallery's order.

        Raises:
            ValueError: If the vector doesn't fit or has no direction, or `k` is below 1.
        """
        vector = np.asarray(vector, np.float32)
        if vector.shape != self.embeddings.shape[1:] or k < 1:
            raise ValueError(
                f"The gallery takes embeddings of shape {self.embeddings.shape[1:]} and k of at "
                f"least 1. Received: shape={vector.shape}, k={k}"
            )
        cosines = (self.embeddings @ _unit(vector[None])[0]).clip(-1, 1)
        best = np.argsort(-cosines, kind="stable")[:k]
        return [Neighbour(self.labels[i], float(cosines[i]), int(i)) for i in best]

    def save(self, path: str | PathLike[str]) -> None:
        """Write the gallery to a .npz file."""
        # Opened here, for NumPy would add an ending to a path.
        with open(path, "wb") as file:
            np.savez(file, embeddings=self.embeddings, labels=np.array(self.labels))

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Gallery:
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: If there is no such file.
            ValueError: If it holds no gallery.
        """
        try:
            # Opened here, for NumPy leaves damaged files open.
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
                return cls(arrays["embeddings"], arrays["labels"].tolist())
        except (
            KeyError,
            TypeError,
            AttributeError,
            EOFError,
            ValueError,
            zipfile.BadZipFile,
        ) as error:
            raise ValueError(f"A file must hold a gallery. Received: {path} ({error})") from error


def _unit(vectors: Array) -> Array:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    if not (np.isfinite(lengths) & (lengths > 0)).all():
        raise ValueError("An embedding is finite and not zero. Received: one that isn't")
    unit: Array = vectors / lengths
    return unit
