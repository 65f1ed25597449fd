"""The command that a device has."""

import csv
import json
import os
import subprocess
import sys

import pytest

from kerascnn.edge.cli import benchmark as command_of_benchmark
from kerascnn.edge.measuring import benchmarking, instructions

BLOCKED = """
import sys
sys.modules.update(dict.fromkeys(("tensorflow", "keras", "matplotlib", "sklearn")))
from kerascnn.edge.cli import main
try:
    main()
finally:
    ours = sorted(name for name in sys.modules if name.startswith("kerascnn."))
    print(sorted({name.split(".")[1] for name in ours}), file=sys.stderr)
"""


def test_it_needs_nothing_of_ours_but_the_edge(labelling):
    words = [sys.executable, "-c", BLOCKED, "benchmark", labelling, "--runs", "2", "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    (measured,) = json.loads(done.stdout).values()
    assert measured["median_ms"] > 0
    assert "['edge', 'registry', 'system']" in done.stderr


def test_help_lists_the_commands_of_a_device(command):
    code, out, _ = command("--help")
    assert code == 0
    assert all(name in out for name in ("run", "benchmark", "doctor"))


def test_both_commands_share_their_functions():
    from kerascnn.cli.app import app as whole
    from kerascnn.edge.cli.app import app as device

    functions = {info.name: info.callback for info in whole.registered_commands}
    assert len(device.registered_commands) == 3
    assert all(functions[info.name] is info.callback for info in device.registered_commands)


def test_a_benchmark_writes_a_table(command, labelling, tmp_path):
    words = ("benchmark", labelling, "--runs", 3, "--threads", 2, "--csv", "out.csv")
    code, out, _ = command(*words)
    assert (code, out.splitlines()[-1]) == (0, "Written: out.csv")
    with (tmp_path / "out.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert float(row["median_ms"]) > 0
    assert (row["threads"], row["runs"], row["file"]) == ("2", "3", str(labelling))
    assert "cores" in row["machine"]


def test_operators_have_a_table_of_their_own(command, labelling, tmp_path):
    words = ("benchmark", labelling, "--runs", 3, "--operators", "--csv", "out.csv")
    code, out, _ = command(*words)
    assert code == 0
    assert "sum 0.0" in out
    with (tmp_path / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["name"], row["shape"]) for row in rows] == [
        ("CONV_2D", "1x4x4x2"),
        ("RESHAPE", "1x32"),
        ("FULLY_CONNECTED", "1x3"),
    ]
    (measured,) = json.loads(command(*words, "--json")[1]).values()
    alone = sum(operator["median_ms"] for operator in measured["operators"])
    assert measured["sum_ms"] == pytest.approx(alone)
    assert measured["whole_ms"] > 0


def test_the_machine_is_described(command, labelling, monkeypatch):
    found = {
        "machine": "Raspberry Pi 4",
        "governor": "ondemand",
        "temperature_before": 50.0,
        "temperature_after": 61.0,
        "throttled": ("under-voltage",),
    }
    monkeypatch.setattr(command_of_benchmark, "asdict", lambda measured: vars(measured) | found)
    _, out, _ = command("benchmark", labelling, "--runs", 1)
    line = out.splitlines()[-1]
    assert line == (
        "Raspberry Pi 4; governor ondemand; 50.0 to 61.0 degrees Celsius; under-voltage"
    )


@pytest.fixture
def emulated(monkeypatch):
    """A processor that seems to be emulated."""
    for module in (command_of_benchmark, benchmarking, instructions):
        monkeypatch.setattr(module, "emulator", lambda *root: "/usr/bin/qemu-aarch64")


def test_an_emulated_processor_is_not_timed(command, labelling, emulated):
    code, out, err = command("benchmark", labelling)
    assert (code, out) == (1, "")
    assert "The emulator must count" in err


def test_instructions_are_counted_instead(command, labelling, emulated, tmp_path, monkeypatch):
    (tmp_path / "count").write_bytes(bytes(8))
    monkeypatch.setenv(instructions.COUNTER, str(tmp_path / "count"))
    counts = iter((0, 5_000, 5_000, 5_010))  # a call and an empty one
    monkeypatch.setattr(instructions, "read_counter", lambda file: next(counts))
    code, out, _ = command("benchmark", labelling, "--runs", 1, "--csv", "out.csv")
    assert (code, "4,990" in out, "ms" in out) == (0, True, False)
    with (tmp_path / "out.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["instructions"], row["runs"]) == ("4990", "1")


def test_operators_of_an_emulated_processor_have_no_times(command, labelling, emulated):
    code, out, err = command("benchmark", labelling, "--operators")
    assert (code, out) == (1, "")
    assert "must count" in err


def test_a_folder_that_is_missing_leaves_nothing(command, labelling, tmp_path):
    code, _, err = command("benchmark", labelling, "--runs", 1, "--csv", "no/out.csv")
    assert (code, "folder must exist" in err) == (1, True)
    assert not os.path.exists(tmp_path / "no")
