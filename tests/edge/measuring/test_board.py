"""What a machine says about itself."""

import os

import pytest

from kerascnn import edge
from kerascnn.edge.measuring.board import Board, describe_machine, read_board

PROGRAM = "#!/bin/sh\n[ $1 = get_throttled ] && echo throttled=0x80001\n"


def test_a_pi_names_its_state(pi):
    found = read_board(pi)
    assert found == Board(
        temperature=81.25,
        throttled=("throttled", "under-voltage since the start", "throttled since the start"),
        governor="ondemand",
    )
    assert describe_machine(pi).startswith("Raspberry Pi 4 Model B Rev 1.4, aarch64, ")


def test_a_machine_that_says_nothing_is_no_error(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert read_board(tmp_path) == Board(None, None, "")
    assert describe_machine(tmp_path).endswith("cores")


def test_cores_may_differ_in_their_governor(machine):
    governor = "sys/devices/system/cpu/cpu{}/cpufreq/scaling_governor"
    root = machine({governor.format(0): "powersave\n", governor.format(1): "performance\n"})
    assert read_board(root).governor == "performance, powersave"


def test_a_processor_is_named_where_there_is_no_board(machine):
    root = machine(
        {"proc/cpuinfo": "processor: 0\nmodel name\t: Some CPU @ 2 GHz\n"}, name="x86_64"
    )
    assert describe_machine(root).startswith("Some CPU @ 2 GHz, x86_64, ")


@pytest.mark.skipif(os.name != "posix", reason="a Raspberry Pi has a shell")
def test_the_program_of_the_firmware_is_asked(tmp_path, monkeypatch):
    program = tmp_path / "vcgencmd"
    program.write_text(PROGRAM)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_board(tmp_path).throttled is None  # it may not be run
    program.chmod(0o755)
    expected = ("under-voltage", "soft temperature limit since the start")
    assert read_board(tmp_path).throttled == expected


@pytest.mark.parametrize("text", ["#!/nowhere/sh\n", "#!/bin/sh\necho failed\n", "no program"])
def test_a_program_that_fails_says_nothing(tmp_path, monkeypatch, text):
    (tmp_path / "vcgencmd").write_text(text)
    (tmp_path / "vcgencmd").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_board(tmp_path).throttled is None


def test_a_benchmark_tells_of_the_machine(classifier, pi):
    with edge.load(classifier) as model:
        result = edge.benchmark(model, runs=3, warmup=0, root=pi)
    assert (result.governor, result.warmup) == ("ondemand", 0)
    assert (result.temperature_before, result.temperature_after) == (81.25, 81.25)
    assert "throttled" in result.throttled
    assert result.machine.startswith("Raspberry Pi 4")
