"""The benchmarks' own arithmetic; no test looks at a clock."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run(*arguments):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, check=False
    )


def test_a_row_keeps_its_limit_or_not():
    code = (
        "from benchmarks.measure import Row; import json;"
        "rows = [Row('a', 2.0, 1.0, 'ms', 1.05), Row('b', 1.0, 2.0, 'ms', 1.05),"
        "Row('c', 2.4, None, '', 2.3), Row('d', 2.2, None, '', 2.3), Row('e', 9.0, 1.0, 'ms')];"
        "print(json.dumps([(row.ratio, row.kept) for row in rows]))"
    )
    expected = [[2.0, False], [0.5, True], [None, False], [None, True], [9.0, True]]
    assert json.loads(run("-c", code).stdout) == expected


def test_memory_is_that_of_the_run_alone():
    code = (
        "import json, numpy; from benchmarks import measure;"
        "numpy.prepare = lambda count: lambda: numpy.ones((count, 2**20), 'uint8');"
        "print([measure._measure('numpy:prepare', [count], 1)[1] for count in (1, 300)])"
    )
    small, large = json.loads(run("-c", code).stdout)
    assert small < 100 < 250 < large < 400


def test_memory_of_the_process_that_starts_it_does_not_count():
    code = (
        "import numpy, subprocess, sys; numpy.ones(300 * 2**20, 'uint8');"
        "child = 'from benchmarks import measure; print(measure._megabytes())';"
        "subprocess.run([sys.executable, '-c', child], check=True)"
    )
    assert float(run("-c", code).stdout) < 200


def test_a_process_that_fails_is_an_error():
    code = "from benchmarks.measure import alone; alone('numpy:nothing')"
    process = run("-c", code)
    assert "MemoryError: numpy:nothing() ended with 1" in process.stderr


def test_a_part_that_is_not_there_is_named():
    process = run("-m", "benchmarks", "speed")
    assert process.returncode == 2
    assert "speed" in process.stderr
