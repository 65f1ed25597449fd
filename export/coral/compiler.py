"""Runs the vendor's compiler for Edge TPUs where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from os import PathLike
from pathlib import Path

from ..errors import ExportError
from .advice import answer_to
from .log import message_in, read_log
from .report import CoralReport

_NAME = "edgetpu_compiler"
_GRACE = 30  # seconds beyond the compiler's own limit
_INSTALL = """
    curl https://packages.cloud.google.com/apt/doc/apt-key.gpg | sudo apt-key add -
    echo "deb https://packages.cloud.google.com/apt coral-edgetpu-stable main" \\
        | sudo tee /etc/apt/sources.list.d/coral-edgetpu.list
    sudo apt-get update && sudo apt-get install edgetpu-compiler"""


class CompilerError(ExportError):
    """The compiler isn't there, or took no part of the file."""


def compile(
    path: str | PathLike[str],
    output: str | PathLike[str] | None = None,
    *,
    timeout: float = 180.0,
    min_runtime_version: int | None = None,
    search: bool = False,
) -> CoralReport:
    """Compile an int8 `.tflite` file for Edge TPUs with `edgetpu_compiler`.

    Args:
        path: The file.
        output: The compiled file; `<name>_edgetpu.tflite` beside it when None.
        timeout: How long the compiler may take, in seconds, at least 1.
        min_runtime_version: Oldest Edge TPU runtime that must run the file, such as 13; the
            compiler's newest when None.
        search: Leave operators at the end of the model to the CPU until the rest compiles.

    Returns:
        What the compiler mapped; its `path` is the compiled file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the timeout is too short.
        CompilerError: If the compiler isn't on the PATH, fails, or doesn't end in time. There is
            no compiled file then.

    Example:
        >>> kerascnn.export.coral.compile("digits_int8.tflite").mapped_share  # doctest: +SKIP
        1.0

    Reference:
        https://coral.ai/docs/edgetpu/compiler/
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There must be a file to compile. Received: path={path}")
    if not timeout >= 1:
        raise ValueError(f"timeout must be at least 1 second. Received: timeout={timeout}")
    target = Path(output) if output else path.with_name(f"{path.stem}_edgetpu.tflite")
    command = [_find(), "--show_operations", "--timeout_sec", str(int(timeout))]
    if min_runtime_version is not None:
        command += ["--min_runtime_version", str(min_runtime_version)]
    if search:
        command.append("--search_delegate")
    # Beside the target, so that the finished file takes its place at once.
    with tempfile.TemporaryDirectory(prefix=".compiling-", dir=target.parent) as folder:
        text = _run([*command, "--out_dir", folder, str(path.absolute())], path, timeout)
        made = Path(folder, f"{path.stem}_edgetpu.tflite")
        if not made.is_file():
            raise CompilerError(_failure(path, text, "it wrote no file"))
        report = read_log(text, source=path, path=target)
        os.replace(made, target)
    return report


def _find() -> str:
    found = shutil.which(_NAME)
    if found is None:
        raise CompilerError(
            f"{_NAME} must be installed and on the PATH; on a 64-bit x86 Debian or Ubuntu:"
            f"{_INSTALL}\nReceived: no {_NAME} on the PATH"
        )
    return found


def _run(command: list[str], path: Path, timeout: float) -> str:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout + _GRACE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CompilerError(_failure(path, "", f"timed out after {timeout:g} s")) from error
    except OSError as error:
        raise CompilerError(_failure(path, "", f"{command[0]}: {error.strerror}")) from error
    text = done.stdout.decode("utf-8", "replace")
    if done.returncode:
        raise CompilerError(_failure(path, text, f"exit code {done.returncode}"))
    return text


def _failure(path: Path, text: str, ending: str) -> str:
    said = message_in(text) or ending
    advice = answer_to(said) or "look at what kerascnn.export.coral.check says about the file"
    tail = f" ({ending})" if said != ending else ""
    return f"The compiler must take the file: {advice}. Received: {path.name}: {said}{tail}"
