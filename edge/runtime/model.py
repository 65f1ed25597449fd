"""A model file, ready to be called."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..description.metadata import Metadata
from ..errors import ModelError
from ..file.structure import Structure
from .tensors import Array, from_tensor, spec_of, to_tensor


class Model:
    """A model file, ready to be called; made by `load`, closed by a `with` block.

    Calls from several threads wait for each other.

    Attributes:
        path: The file.
        inputs: What it takes, in the order of its signature.
        outputs: What it gives, in the order of its signature.
        metadata: The description inside the file.
        device: `"cpu"`, `"coral"` or `"gpu"`: what runs it.
        threads: Threads of the runtime.
        runtime: Name and version of the runtime.
    """

    def __init__(
        self,
        path: Path,
        structure: Structure,
        interpreter: Any,
        *,
        metadata: Metadata,
        device: str,
        threads: int,
        runtime: str,
    ) -> None:
        self.path = path
        self.metadata = metadata
        self.device = device
        self.threads = threads
        self.runtime = runtime
        details = {
            tensor["index"]: tensor
            for tensor in (*interpreter.get_input_details(), *interpreter.get_output_details())
        }
        self.inputs = tuple(spec_of(name, details[i]) for name, i in structure.inputs)
        self.outputs = tuple(spec_of(name, details[i]) for name, i in structure.outputs)
        self._input_places = dict(structure.inputs)
        self._output_places = [i for _, i in structure.outputs]
        self._stateful = structure.stateful
        self._interpreter = interpreter
        self._lock = threading.Lock()

    def __call__(self, inputs: ArrayLike | Mapping[str, ArrayLike]) -> Any:
        """Run the model.

        Args:
            inputs: The batch for the only input, or a batch for each input by name. A batch has
                shape (n, ...) with n at least 1 and real values; integers of the input's own type
                are taken as already quantized. Batches that the file can't take at once are run
                one part after the other.

        Returns:
            An array of shape (n, ...) in real values for the only output, or one for each output
            by name.

        Raises:
            ValueError: If a name, shape or type doesn't fit, or a value isn't finite.
            ModelError: If the runtime fails.
        """
        results = self.run(inputs)
        return results if len(results) > 1 else results[self.outputs[0].name]

    def run(self, inputs: ArrayLike | Mapping[str, ArrayLike]) -> dict[str, Array]:
        """Do what a call does, and return a single output by its name too."""
        arrays = self._convert(inputs)
        if all(arrays[spec.name].shape == spec.shape for spec in self.inputs):
            joined = self._invoke(arrays)
        else:
            count, size = self._batch(arrays)
            parts = [
                self._invoke({name: _part(array, start, size) for name, array in arrays.items()})
                for start in range(0, count, size)
            ]
            joined = [np.concatenate(column)[:count] for column in zip(*parts, strict=True)]
        return {
            spec.name: from_tensor(array, spec)
            for spec, array in zip(self.outputs, joined, strict=True)
        }

    def close(self) -> None:
        """Free the runtime's memory; the model can't be called any more."""
        with self._lock:
            self._interpreter = None

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _convert(self, inputs: ArrayLike | Mapping[str, ArrayLike]) -> dict[str, Array]:
        names = [spec.name for spec in self.inputs]
        if not isinstance(inputs, Mapping):
            if len(names) != 1:
                raise ValueError(f"The model takes {names} by name. Received: one array")
            inputs = {names[0]: inputs}
        if set(inputs) != set(names):
            raise ValueError(f"The model takes the inputs {names}. Received: {list(inputs)}")
        return {spec.name: to_tensor(inputs[spec.name], spec) for spec in self.inputs}

    def _batch(self, arrays: dict[str, Array]) -> tuple[int, int]:
        """Give the number of examples, and how many the file takes at once."""
        counts = {len(array) if array.ndim else 0 for array in arrays.values()}
        sizes = {spec.shape[0] if spec.shape else 0 for spec in (*self.inputs, *self.outputs)}
        if len(counts) != 1 or len(sizes) != 1 or 0 in counts | sizes:
            expected = {spec.name: spec.shape for spec in self.inputs}
            received = {name: array.shape for name, array in arrays.items()}
            raise ValueError(f"The model takes {expected} only. Received: {received}")
        return counts.pop(), sizes.pop()

    def _invoke(self, arrays: dict[str, Array]) -> list[Array]:
        with self._lock:
            if self._interpreter is None:
                raise ValueError(f"A closed model can't be called. Received: {self.path}")
            try:
                for name, array in arrays.items():
                    self._interpreter.set_tensor(self._input_places[name], array)
                if self._stateful:  # a recurrent cell would go on where the last example ended
                    self._interpreter.reset_all_variables()
                self._interpreter.invoke()
                return [self._interpreter.get_tensor(place) for place in self._output_places]
            except (RuntimeError, ValueError) as error:
                raise ModelError(
                    f"A runtime must run the model. Received: {self.path}, {self.runtime}: {error}"
                ) from error


def _part(array: Array, start: int, size: int) -> Array:
    """Cut examples out of a batch; the last one fills a part that is too short."""
    part = array[start : start + size]
    return np.concatenate([part, np.repeat(part[-1:], size - len(part), axis=0)])
