"""Whether another processor only pretends to be the one that this process sees."""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path


@cache
def emulator(root: Path = Path("/")) -> str:
    """Name what emulates the processor of this process, such as QEMU's user mode.

    An emulator answers `/proc/self/exe` with the emulated program; of a name that it doesn't know
    the kernel tells the truth, which is the emulator's own file. Virtual machines with their own
    kernel, whose processor may be a real one, aren't looked for.

    Args:
        root: Where the file system begins.

    Returns:
        The file of the emulator, or what gave it away; empty on a real processor.
    """
    proc = root / "proc"
    try:
        real = os.readlink(proc / "thread-self/exe")
        if real != os.readlink(proc / "self/exe"):
            return real
    except OSError:  # no Linux, or /proc is hidden
        pass
    try:
        processor = (proc / "cpuinfo").read_text(errors="replace")
    except OSError:
        return ""
    arm = platform.machine().startswith(("aarch64", "arm"))
    foreign = next((name for name in ("AuthenticAMD", "GenuineIntel") if name in processor), "")
    return f"a processor of {foreign}" if arm and foreign else ""
