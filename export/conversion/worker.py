"""A process that has TensorFlow loaded and runs each conversion in a copy of itself."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, cast


class Worker:
    """Starts with the first job, and anew after its end; a job that crashes ends its copy alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._owner = 0

    def run(self, job: Path) -> int:
        """Run the job that a file describes.

        Returns:
            The exit code of the job; negative for the signal that ended it.
        """
        with self._lock:
            if self._process is None or self._process.poll() is not None or self._is_inherited():
                self.close()
                self._process, self._owner = _start(), os.getpid()
            try:
                return _ask(self._process, job)
            except BaseException:  # an interrupt: the answer would be taken for that of the next
                self._process.kill()
                raise

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            for stream in _streams(self._process):
                stream.close()
            if not self._is_inherited():
                self._process.wait()
            self._process = None

    def _is_inherited(self) -> bool:
        return self._owner != os.getpid()  # this process was forked: two would read one answer


def _ask(process: subprocess.Popen[str], job: Path) -> int:
    questions, answers = _streams(process)
    try:
        questions.write(f"{job}\n")
        questions.flush()
        answer = answers.readline()
    except BrokenPipeError:
        answer = ""
    return int(answer) if answer else process.wait()


def _streams(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    return cast(IO[str], process.stdin), cast(IO[str], process.stdout)


def _start() -> subprocess.Popen[str]:
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path),
        "PYTHONWARNINGS": "ignore",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",  # the parent may hold the whole memory of the device
    }
    return subprocess.Popen(
        [sys.executable, "-m", f"{__package__}.convert"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


WORKER = Worker()
atexit.register(WORKER.close)
