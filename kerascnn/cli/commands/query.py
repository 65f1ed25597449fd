"""`kerascnn query`: asks a model that TF Serving serves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import typer

from kerascnn.edge.cli.console import show_json, show_table

_SHOWN = 5  # classes of a picture


def query(
    url: str = typer.Argument(..., help="http://host:8501 or grpc://host:8500."),
    model: str = typer.Argument(..., help="Name of the model."),
    inputs: list[Path] = typer.Argument(
        None,
        help="Pictures; or a .npz file of inputs by name, or a .npy file that is named like the "
        "input. Without any, the state is asked for.",
    ),
    signature: str | None = typer.Option(
        None, help="classify or serving_bytes for pictures, serving_default for arrays."
    ),
    version: int | None = typer.Option(None, help="Number of a version; the newest by default."),
    timeout: float = typer.Option(10.0, min=0.001, help="Longest time for an answer, in seconds."),
    retries: int = typer.Option(3, min=0, help="Repetitions where the server is busy or away."),
    as_json: bool = typer.Option(False, "--json", help="Print all numbers as JSON."),
) -> None:
    """Ask a served model: for its state, for classes of pictures, or for outputs.

    Examples:

        kerascnn query http://localhost:8501 lenet5

        kerascnn query grpc://localhost:8500 lenet5 seven.png

        kerascnn query http://localhost:8501 lenet5 image.npy --json
    """
    from kerascnn.cli.quiet import load_tensorflow
    from kerascnn.serving import connect

    if url.startswith("grpc:"):
        load_tensorflow()
    client = connect(url, model, version=version, timeout=timeout, retries=retries)
    if not inputs:
        states = client.status()
        if as_json:
            show_json(states)
        else:
            show_table(model, ("version", "state"), states.items())
        return
    for path in inputs:
        if not path.is_file():
            raise ValueError(f"It must be a file. Received: {path}")
    if inputs[0].suffix in (".npy", ".npz"):
        _show(client.predict(_arrays(inputs), signature=signature or "serving_default"), as_json)
    elif signature in (None, "classify"):
        _classify(client, inputs, as_json)
    else:
        pictures = {"image_bytes": [path.read_bytes() for path in inputs]}
        _show(client.predict(pictures, signature=signature), as_json)


def _arrays(inputs: list[Path]) -> dict[str, np.ndarray]:
    """Read inputs by name; the name of a .npy file is that of the input."""
    if len(inputs) > 1:
        raise ValueError(f"One file holds all inputs; join them in a .npz. Received: {inputs}")
    found = np.load(inputs[0])
    if isinstance(found, np.ndarray):
        return {inputs[0].stem: found}
    return dict(found)


def _classify(client: Any, inputs: list[Path], as_json: bool) -> None:
    results = client.classify([path.read_bytes() for path in inputs])
    if as_json:
        show_json({str(path): dict(one) for path, one in zip(inputs, results, strict=True)})
        return
    for path, one in zip(inputs, results, strict=True):
        show_table(str(path), ("class", "score"), one[:_SHOWN])


def _show(outputs: dict[str, np.ndarray], as_json: bool) -> None:
    if as_json:
        show_json({name: np.asarray(values).tolist() for name, values in outputs.items()})
        return
    rows = [
        (name, str(np.shape(values)), f"{np.min(values):.4g} to {np.max(values):.4g}")
        for name, values in outputs.items()
    ]
    show_table("outputs", ("name", "shape", "values"), rows)
