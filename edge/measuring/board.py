"""What the machine is, and what slows it down: its governor, its temperature, its power."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/")
_DEVICES = "sys/devices/system/cpu"
_FIRMWARE = "sys/devices/platform/soc/soc:firmware/get_throttled"
# Bits of the Raspberry Pi's firmware; 16 places higher, that it happened since the start.
_FLAGS = ("under-voltage", "frequency capped", "throttled", "soft temperature limit")


@dataclass(frozen=True)
class Board:
    """The state of a machine.

    Args:
        temperature: Of the processor, in degrees Celsius; None when the machine doesn't say.
        throttled: What slows a Raspberry Pi now or did since it was started, in words; None when
            the machine doesn't say.
        governor: Who chooses the clock rate of the processor, such as `"ondemand"`; several are
            joined by a comma; empty when the machine doesn't say.
    """

    temperature: float | None
    throttled: tuple[str, ...] | None
    governor: str


def read_board(root: Path = ROOT) -> Board:
    """Read the state of this machine.

    Args:
        root: Where the file system begins.
    """
    governors = {
        _text(path) for path in (root / _DEVICES).glob("cpu[0-9]*/cpufreq/scaling_governor")
    }
    return Board(_temperature(root), _throttled(root), ", ".join(sorted(governors - {""})))


def describe_machine(root: Path = ROOT) -> str:
    """Name the board, as its device tree does, or else the processor; and count usable cores.

    Args:
        root: Where the file system begins.
    """
    name = _text(root / "proc/device-tree/model") or platform.processor() or platform.machine()
    if not (root / "proc/device-tree/model").exists():
        for line in _text(root / "proc/cpuinfo").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip() or name
                break
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return f"{name}, {platform.machine()}, {cores} cores"


def _temperature(root: Path) -> float | None:
    """Read the zone of the processor, or the first one where none has its name."""
    zones = sorted((root / "sys/class/thermal").glob("thermal_zone*"))
    zones.sort(key=lambda zone: "cpu" not in _text(zone / "type"))
    for zone in zones:
        text = _text(zone / "temp")
        if text.lstrip("-").isdecimal():
            return int(text) / 1000
    return None


def _throttled(root: Path) -> tuple[str, ...] | None:
    """Ask the firmware, through its file or its program."""
    text = _text(root / _FIRMWARE) or _vcgencmd()
    try:
        bits = int(text.rpartition("=")[2], 16)
    except ValueError:
        return None
    now = [flag for place, flag in enumerate(_FLAGS) if bits >> place & 1]
    since = [
        f"{flag} since the start" for place, flag in enumerate(_FLAGS) if bits >> place & 1 << 16
    ]
    return (*now, *since)


def _vcgencmd() -> str:
    program = shutil.which("vcgencmd")
    if program is None:
        return ""
    try:
        command = [program, "get_throttled"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def _text(path: Path) -> str:
    """Read a file of the kernel; empty where there is none."""
    try:
        return path.read_text(errors="replace").strip("\0\n ")
    except OSError:
        return ""
