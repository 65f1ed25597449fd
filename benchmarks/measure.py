"""Time and memory of two ways to compute the same thing."""

import dataclasses
import importlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


@dataclasses.dataclass(frozen=True)
class Row:
    """One comparison.

    Args:
        what: What was measured, and at which size.
        ours: Our figure.
        theirs: The figure of the other way; None where it could not run.
        unit: Unit of both, such as `ms` or `MB`; empty for a plain number.
        limit: The most that `ours / theirs` may be, or `ours` alone where there is no `theirs`;
            None where nothing is promised.
    """

    what: str
    ours: float
    theirs: float | None
    unit: str
    limit: float | None = None

    @property
    def ratio(self) -> float | None:
        """Our figure over the other one; None where there is none."""
        return None if self.theirs is None else self.ours / self.theirs

    @property
    def kept(self) -> bool:
        """Whether the limit is kept."""
        figure = self.ours if self.ratio is None else self.ratio
        return self.limit is None or figure <= self.limit


def compare(ours: Callable[[], Any], theirs: Callable[[], Any], *, runs: int = 30):
    """Time two functions by turns, so that a busy machine slows both.

    Args:
        ours: A function without arguments that ends when its work is done.
        theirs: Another one.
        runs: Turns of each, after three that do not count.

    Returns:
        The milliseconds of the quickest run of each.
    """
    seconds: tuple[list[float], list[float]] = ([], [])
    for turn in range(runs + 3):
        # Whoever comes second finds warm caches.
        for place in (0, 1) if turn % 2 else (1, 0):
            started = time.perf_counter()
            (ours, theirs)[place]()
            if turn >= 3:
                seconds[place].append(time.perf_counter() - started)
    return min(seconds[0]) * 1e3, min(seconds[1]) * 1e3


def alone(target: str, *arguments: Any, runs: int = 5) -> tuple[float, float]:
    """Measure a function in a process of its own, where nothing else has taken memory.

    Args:
        target: `package.module:function` of a function that prepares everything and returns the
            function to measure, which takes no arguments.
        *arguments: What to prepare it with; they must fit into JSON.
        runs: How often to run it.

    Returns:
        Milliseconds of the quickest run, and megabytes that the runs added to the peak.

    Raises:
        MemoryError: If the process was killed or failed.
    """
    task = json.dumps({"target": target, "arguments": arguments, "runs": runs})
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks.measure", task],
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode != 0:
        raise MemoryError(f"{target}{arguments} ended with {process.returncode}: {process.stderr}")
    milliseconds, megabytes = json.loads(process.stdout.splitlines()[-1])
    return milliseconds, megabytes


def _megabytes() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        # getrusage would begin with the peak of the process that started this one.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20  # bytes on macOS


def _measure(target: str, arguments: list[Any], runs: int) -> tuple[float, float]:
    module, _, function = target.partition(":")
    work = getattr(importlib.import_module(module), function)(*arguments)
    before = _megabytes()
    seconds = []
    for _ in range(runs + 1):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    # The first run may compile.
    return min(seconds[1:]) * 1e3, _megabytes() - before


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_measure(**json.loads(sys.argv[1]))) + "\n")
