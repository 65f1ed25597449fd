"""Words that a speech synthesiser says."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from kerascnn.data.recordings import resampled

SYNTHESISER = "espeak-ng"
# Pitches of 99, and words a minute.
_WAYS = [(pitch, speed) for pitch in (30, 50, 70) for speed in (200, 260)]
_QUIET = 0.01  # share of the loudest sample below which a word has not begun, or is over


def synthesised(words: Sequence[str], sample_rate: int) -> list[list[np.ndarray]]:
    """Have words said high and low, fast and slow.

    Args:
        words: What to say.
        sample_rate: Samples a second, in Hz.

    Returns:
        For each word its recordings, float32 in [-1, 1], without silence at their ends.

    Raises:
        ValueError: If the synthesiser is not installed, or fails.
    """
    program = shutil.which(SYNTHESISER)
    if program is None:
        raise ValueError(
            f"The voice needs the program {SYNTHESISER}; install it, or take voice='formants'. "
            f"Received: voice={SYNTHESISER!r}, and no such program"
        )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "word.wav"
        return [
            [_said(program, word, pitch, speed, file, sample_rate) for pitch, speed in _WAYS]
            for word in words
        ]


def _said(
    program: str, word: str, pitch: int, speed: int, file: Path, sample_rate: int
) -> np.ndarray:
    command = [program, "-v", "en", "-p", str(pitch), "-s", str(speed), "-w", str(file), word]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not file.is_file():
        raise ValueError(
            f"{SYNTHESISER} must say a word. Received: {word!r}, and exit code {done.returncode} "
            f"({done.stderr.strip():.200})"
        )
    sound, rate = soundfile.read(file, dtype="float32")
    sound = resampled(sound, rate, sample_rate)
    loud = np.flatnonzero(np.abs(sound) > _QUIET * np.abs(sound).max())
    return np.clip(sound[loud[0] : loud[-1] + 1], -1, 1)
