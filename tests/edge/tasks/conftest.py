"""Files of tasks, and what is written into them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from kerascnn import edge

BLACK = np.zeros((1, 1), np.uint8)


@pytest.fixture
def constant(write_model: Callable[..., Path]) -> Callable[..., Any]:
    """Give the function that loads a model whose outputs, by name, are given for `BLACK`."""

    def load(outputs: dict[str, Any], name: str = "constant.tflite", **fields: Any) -> Any:
        tensors = {
            "x": ((1, 1, 1, 1), "float32"),
            "size": ((1,), "int32", None, 0, [1]),
            "pixel": ((1,), "float32"),
        }
        operators = [("RESHAPE", ["x", "size"], ["pixel"], None)]
        for key, value in outputs.items():
            tensors[f"{key}_fixed"] = (np.shape(value), "float32", None, 0, value)
            tensors[f"{key}_out"] = (np.shape(value), "float32")
            reads = [f"{key}_fixed", "pixel"]
            operators.append(("ADD", reads, [f"{key}_out"], schema.AddOptionsT()))
        path = write_model(
            tensors,
            operators,
            ["x"],
            [f"{key}_out" for key in outputs],
            signature={"x": "image", **{f"{key}_out": key for key in outputs}},
            name=name,
        )
        edge.write_metadata(path, edge.Metadata(**fields))
        return edge.load(path)

    return load


@pytest.fixture
def black() -> Any:
    """The picture that constant models are for."""
    return BLACK
