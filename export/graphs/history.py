"""What gave a symbolic tensor, while a graph is being rebuilt."""

from __future__ import annotations

from typing import Any

import keras


class History:
    """Remembers for each tensor the operation that gave it and the arguments of the call."""

    def __init__(self) -> None:
        # The tensors are kept, as an id is used again once its tensor is gone.
        self._calls: dict[int, tuple[Any, Any, tuple[Any, ...]]] = {}

    def add(self, operation: Any, args: tuple[Any, ...], outputs: Any) -> None:
        """Remember a call."""
        for tensor in keras.tree.flatten(outputs):
            self._calls[id(tensor)] = (tensor, operation, args)

    def of(self, tensor: Any) -> tuple[str, tuple[Any, ...]]:
        """Name the operation that gave a tensor, with its arguments.

        Layers of activations bear the name of the operation: `relu`, not `Activation`.

        Returns:
            An empty name for what no remembered call gave.
        """
        if id(tensor) not in self._calls:
            return "", ()
        _, operation, args = self._calls[id(tensor)]
        if getattr(operation, "negative_slope", 0):
            return "", ()
        if isinstance(operation, keras.layers.Activation):
            return getattr(operation.activation, "__name__", ""), args
        return type(operation).__name__.lower(), args
