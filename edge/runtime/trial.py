"""A model and a delegate tried in a process of their own, which may crash."""

from __future__ import annotations

import subprocess
import sys

_PATIENCE = 120  # seconds; the first load of a GPU compiles its kernels
_SCRIPT = """
import sys
from importlib import import_module
sys.path[:] = sys.argv[3:]
module = import_module(sys.argv[1])
interpreter = module.Interpreter(
    model_content=sys.stdin.buffer.read(),
    experimental_delegates=[module.load_delegate(sys.argv[2])],
)
interpreter.allocate_tensors()
interpreter.invoke()
"""


def failure_of(module: str, library: str, content: bytes) -> str:
    """Run a model once where a crash does no harm.

    The plugin functions carry no version, and a library that was built with one release of
    TensorFlow is known to crash the runtimes of others.

    Args:
        module: The module of the runtime's `Interpreter`.
        library: The library of the delegate.
        content: The model file.

    Returns:
        How the process ended, if it crashed or hangs. Errors are left to whoever loads the model.
    """
    if getattr(sys, "frozen", False) or not sys.executable:
        return ""  # no Python to start
    command = [sys.executable, "-c", _SCRIPT, module, library, *sys.path]
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return f"hangs (over {_PATIENCE} s)"
    except OSError:
        return ""  # a system that starts no second Python
    # Signals have a negative code, and exceptions of Windows one of 32 bits.
    return "" if 0 <= done.returncode < 128 else f"crashes (exit code {done.returncode})"
