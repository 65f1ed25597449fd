"""Every system of the registry trains on two replicas, and is compiled by XLA as for a TPU."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kerascnn import registry

PROCESS = Path(__file__).with_name("systems_process.py")
NAMES = sorted({registry.get_system(name).name for name in registry.list_models()})
# Whether XLA takes a step does not depend on how well it then optimises, which takes longest.
QUICK = {"XLA_FLAGS": "--xla_backend_optimization_level=0"}


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    """One for each way, side by side; what they print goes to files, which never fill up."""
    folder = tmp_path_factory.mktemp("every_system")
    started = {}
    for way in ("replicas", "xla"):
        command = [sys.executable, str(PROCESS), way, *NAMES]
        with (folder / way).open("w") as out, (folder / f"{way}.err").open("w") as err:
            process = subprocess.Popen(command, stdout=out, stderr=err, env=os.environ | QUICK)
        started[way] = process, folder / way, folder / f"{way}.err"
    yield started
    for process, *_ in started.values():
        process.kill()


@pytest.fixture(scope="module", params=["replicas", "xla"])
def report(request, processes):
    process, out, err = processes[request.param]
    assert process.wait() == 0, err.read_text()[-3000:]
    return dict(map(json.loads, filter(is_answer, out.read_text().splitlines())))


def is_answer(line):
    return line.startswith('["')


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", NAMES)
def test_it_trains(report, name):
    assert report[name] is None
