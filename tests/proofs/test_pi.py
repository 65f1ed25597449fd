"""Exported systems on emulated Raspberry Pis, with the wheels that a real one installs."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


class Board(NamedTuple):
    architecture: str
    processor: str
    model: str


BOARDS = {
    "pi3": Board("arm64", "cortex-a53", "Raspberry Pi 3 Model B Plus Rev 1.3"),
    "pi4": Board("arm64", "cortex-a72", "Raspberry Pi 4 Model B Rev 1.4"),
    "pi5": Board("arm64", "cortex-a76", "Raspberry Pi 5 Model B Rev 1.0"),
    "pi2": Board("armhf", "cortex-a7", "Raspberry Pi 2 Model B Rev 1.1"),
}
CPUINFO = """\
processor\t: 0
Features\t: fp asimd evtstrm crc32 cpuid
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x0
CPU part\t: 0xd08
CPU revision\t: 3

Model\t\t: {model}
"""

BENCHMARK = "import sys; from kerascnn.edge.cli import main; sys.argv[1:1] = ['benchmark']; main()"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def userland(build_folder, wheel):
    """Give the function that makes the Debian of an architecture, once; the wheel is always new."""
    lacking = [name for name in ("apt-get", "dpkg-deb", "tar") if not shutil.which(name)]
    if lacking:
        pytest.skip(f"The packages come from Debian by its own tools. Received: no {lacking}")
    package, script = build_folder / "pi" / "package", HERE / "userland.py"
    shutil.rmtree(package, ignore_errors=True)
    zipfile.ZipFile(wheel).extractall(package)
    newest = max(path.stat().st_mtime for path in (script, ROOT / "setup.cfg"))

    def make(architecture):
        folder = package.with_name(architecture)
        if not folder.exists() or folder.stat().st_mtime < newest:
            shutil.rmtree(folder, ignore_errors=True)
            words = [sys.executable, script, architecture, folder, wheel]
            done = subprocess.run(words, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"Debian's mirror and PyPI must answer. Received: {done.stderr[-300:]}")
        return folder

    return make


def emulate(board, folder, *options):
    """Give the words that start Python on a board, and their environment."""
    root = folder / "root"
    # The emulator opens a file below `root` in place of the same file of this machine. Without,
    # LiteRT reads of an x86 processor and crashes.
    (root / "proc" / "device-tree").mkdir(parents=True, exist_ok=True)
    (root / "proc" / "cpuinfo").write_text(CPUINFO.format(model=board.model))
    (root / "proc" / "device-tree" / "model").write_text(board.model + "\0")
    places = [folder.with_name("package"), folder / "site", root / "usr/lib/python3/dist-packages"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, places))}
    emulator = [folder / "qemu", *options, "-cpu", board.processor, "-L", root]
    return [*emulator, root / "usr/bin/python3"], environment


@pytest.fixture(scope="module", params=BOARDS)
def board(request, userland, run_systems):
    """A board, what it tells and its outputs."""
    board = BOARDS[request.param]
    command, environment = emulate(board, userland(board.architecture))
    runtime = "2.14" if board.architecture == "armhf" else None
    return board, *run_systems(*command, runtime=runtime, env=environment, timeout=300)


@pytest.fixture(scope="module")
def count(userland, systems, tmp_path_factory):
    """Give the function that counts the instructions of each system on a board, by the command."""
    folder = userland("arm64")
    plugin = folder / "count_instructions.so"
    if not plugin.exists():
        pytest.skip("The plugin of the emulator needs gcc when the user land is built.")
    counter = tmp_path_factory.mktemp("counter") / "instructions"

    def run(board):
        command, environment = emulate(BOARDS[board], folder, "-plugin", plugin)
        environment["KERASCNN_INSTRUCTIONS"] = str(counter)
        words = [
            "-P",
            "-c",
            BENCHMARK,
            *sorted(systems.glob("*.tflite")),
            "--runs",
            3,
            "--warmup",
            1,
        ]
        done = subprocess.run(
            list(map(str, [*command, *words, "--json"])),
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        measured = json.loads(done.stdout)
        return {Path(file).stem: values["instructions"] for file, values in measured.items()}

    return run


def test_instructions_are_counted(count):
    """The processor of a Pi 5 has dot products of bytes, which that of a Pi 4 lacks."""
    older, newer = count("pi4"), count("pi5")
    again = count("pi5")
    print(
        "\nmillions of instructions of one inference, int8, on the processor of a Pi 4 and a Pi 5"
    )
    for name, number in older.items():
        print(f"{name:24}{number / 1e6:10.3f}{newer[name] / 1e6:10.3f}")
        assert newer[name] < number, name
        assert again[name] == pytest.approx(newer[name], rel=0.01)


def test_the_runtime_is_the_one_that_the_board_installs(board):
    given, told, _ = board
    # The extra for devices stops before the versions that carry a library for GPUs.
    expected = "ai_edge_litert 2.1.1" if given.architecture == "arm64" else "tflite_runtime 2.14.0"
    assert told["runtime"] == expected


def test_equal_kernels_give_equal_bits(board, check_equal):
    given, _, outputs = board
    old = given.architecture == "armhf"  # tflite-runtime
    check_equal(outputs, reference=True, differing=0.001 if old else 0.0)
    if given.architecture == "arm64":  # of LiteRT, whose kernels are XNNPACK's too
        check_equal(outputs, reference=False, differing=0.001)


def test_other_kernels_stay_near(board, check_near):
    check_near(board[2])


def test_the_board_is_named(board):
    given, told, _ = board
    if given.architecture == "armhf":
        pytest.skip("The emulator of 32 bits looks for a file's status on this machine only.")
    assert told["machine"].startswith(f"{given.model}, a")


def test_no_time_is_told_of_an_emulated_processor(board, here):
    assert "emulated processor" in board[1]["clock"]
    assert here[0]["clock"] == ""


def test_errors_say_on_the_board_what_they_say_here(board, here):
    assert "complete and undamaged" in board[1]["cut"]
    assert "edgetpu_compiler" in board[1]["coral"]
    assert "libtensorflowlite_gpu_delegate.so: cannot open" in board[1]["gpu"]
    for kind in ("coral", "gpu"):
        assert board[1][kind] == here[0][kind]
