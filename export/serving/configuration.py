"""What TF Serving reads beside the models: which there are, and how requests are batched."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from ..files import beside


def write_serving_config(
    models: Mapping[str, str | PathLike[str]],
    directory: str | PathLike[str],
    *,
    base: str = "/models",
    max_batch_size: int = 32,
    batch_timeout: float = 1e-3,
    threads: int | None = None,
) -> str:
    """Write `models.config` and `batching.config`, and give the command that serves the models.

    The models are those that `to_saved_model` wrote. How long requests wait and on how many threads
    they run decides between latency and throughput: measure on the machine that serves.

    Args:
        models: The folder of all versions of each model, by the name that clients ask for.
        directory: Where the two files go.
        base: Folder inside the container below which the models are mounted, by name.
        max_batch_size: Most examples that are run together, a power of two.
        batch_timeout: Longest time that a request waits for others, in seconds.
        threads: Batches that run at the same time; the number of processors when None.

    Returns:
        A command line for the published container.

    Raises:
        ValueError: If a folder has no version, or a number is out of its range.

    Example:
        >>> write_serving_config({"digits": "serving/digits"}, "serving")  # doctest: +SKIP
    """
    if max_batch_size < 1 or max_batch_size & (max_batch_size - 1):
        raise ValueError(
            f"max_batch_size must be a power of two. Received: max_batch_size={max_batch_size}"
        )
    if not 0 <= batch_timeout <= 60 or (threads is not None and threads < 1):
        raise ValueError(
            "A batch waits 0 to 60 seconds, on at least one thread. Received: "
            f"batch_timeout={batch_timeout}, threads={threads}"
        )
    for name, folder in models.items():
        _check_versions(name, Path(folder))
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    _replace(directory / "models.config", _models(models, base))
    batching = _batching(max_batch_size, batch_timeout, threads or os.cpu_count() or 1)
    _replace(directory / "batching.config", batching)
    return _command(models, directory, base)


def _check_versions(name: str, folder: Path) -> None:
    versions = folder.iterdir() if folder.is_dir() else ()
    if not any(one.name.isdecimal() and (one / "saved_model.pb").is_file() for one in versions):
        raise ValueError(
            "A model to serve is a folder of numbered versions, as `kerascnn export --saved-model` "
            f"writes it. Received: {name}={folder}"
        )


def _models(models: Mapping[str, str | PathLike[str]], base: str) -> str:
    # Names and paths may hold quotes; JSON escapes them as the text format does.
    entries = "".join(
        f"  config {{\n    name: {json.dumps(name)}\n"
        f"    base_path: {json.dumps(f'{base}/{name}')}\n"
        '    model_platform: "tensorflow"\n  }\n'
        for name in models
    )
    return f"model_config_list {{\n{entries}}}\n"


def _batching(largest: int, timeout: float, threads: int) -> str:
    allowed = [2**power for power in range(largest.bit_length())]
    lines = [
        f"max_batch_size {{ value: {largest} }}",
        f"batch_timeout_micros {{ value: {round(timeout * 1e6)} }}",
        f"num_batch_threads {{ value: {threads} }}",
        f"max_enqueued_batches {{ value: {8 * threads} }}",
        # Others are padded to the next, so that no more sizes than these are ever prepared.
        *(f"allowed_batch_sizes: {size}" for size in allowed),
    ]
    return "\n".join(lines) + "\n"


def _command(models: Mapping[str, str | PathLike[str]], directory: Path, base: str) -> str:
    mounts = [f"-v {Path(folder).resolve()}:{base}/{name}" for name, folder in models.items()]
    return " ".join(
        [
            "docker run -p 8500:8500 -p 8501:8501",
            *mounts,
            f"-v {directory.resolve()}:/config tensorflow/serving",
            "--model_config_file=/config/models.config",
            "--enable_batching --batching_parameters_file=/config/batching.config",
        ]
    )


def _replace(path: Path, text: str) -> None:
    with beside(path) as draft:
        draft.write_text(text)
        os.replace(draft, path)
