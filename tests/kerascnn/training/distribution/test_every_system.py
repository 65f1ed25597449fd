"""Every system of the registry trains on two replicas, and is compiled by XLA as for a TPU."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kerascnn import registry

PROCESS = Path(__file__).with_name("systems_process.py")
NAMES = sorted({registry.get_system(name).name for name in registry.list_models()})


@pytest.fixture(scope="module", params=["replicas", "xla"])
def report(request):
    command = [sys.executable, str(PROCESS), request.param, *NAMES]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(map(json.loads, filter(is_answer, done.stdout.splitlines())))


def is_answer(line):
    return line.startswith('["')


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", NAMES)
def test_it_trains(report, name):
    assert report[name] is None
