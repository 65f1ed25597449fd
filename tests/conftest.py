"""What tests of several rooms share: command lines, and cases in processes that may crash."""

import gc
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # as many workers as cores: more threads only wait
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

# What is computed does not depend on how well XLA optimises it, which takes longest.
os.environ.setdefault(
    "XLA_FLAGS",
    "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true "
    "--xla_cpu_use_fusion_emitters=false",
)

SCRIPT = Path(__file__).parent / "edge" / "fuzz" / "run.py"
BATCH = 1000  # cases of a process
ENOUGH = 20  # failures, after which the other cases aren't run


def pytest_collection_finish():
    """Look for garbage among what the tests make, not in what the imports hold for good."""
    gc.freeze()


@pytest.fixture
def call(capsys, tmp_path, monkeypatch):
    """Run a command line in an empty folder; gives exit code, standard output and errors."""
    monkeypatch.chdir(tmp_path)

    def run(main, *words):
        with pytest.raises(SystemExit) as exit_:
            main([str(word) for word in words])
        captured = capsys.readouterr()
        return exit_.value.code, captured.out, captured.err

    return run


@pytest.fixture
def fuzz(tmp_path):
    """Give the function that runs cases and gives how many ended in which way, and failures."""

    def run(kind, seeds, count, python=sys.executable):
        outcomes, failures, number = Counter(), [], 0
        progress = tmp_path / f"{kind}-case"
        while number < count and len(failures) < ENOUGH:
            size = min(BATCH, count - number)
            done = subprocess.run(
                [python, SCRIPT, kind, seeds, str(number), str(size), progress],
                capture_output=True,
                text=True,
                env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
                check=False,
            )
            if not done.returncode:
                outcomes.update(json.loads(done.stdout))
                number += size
                continue
            case = int(progress.read_text())
            last = (done.stderr.strip().splitlines() or [""])[-1]
            failures.append(f"{kind} {case}: exit code {done.returncode}: {last}")
            outcomes["uncounted before a failure"] += case - number
            number = case + 1
        print(f"\n{sum(outcomes.values())} {kind}: {dict(outcomes)}")
        return outcomes, failures

    return run
