"""A processor that is none."""

import pytest

from kerascnn import edge
from kerascnn.edge.measuring.emulation import emulator

PYTHON, QEMU = "/usr/bin/python3", "/usr/bin/qemu-aarch64-static"
AMD = "vendor_id\t: AuthenticAMD\n"
ARM = "CPU implementer\t: 0x41\n"


@pytest.mark.parametrize(
    ("exe", "processor", "name", "found"),
    [
        ((PYTHON, PYTHON), ARM, "aarch64", ""),
        ((PYTHON, PYTHON), AMD, "x86_64", ""),
        ((PYTHON, QEMU), ARM, "aarch64", QEMU),
        ((PYTHON, QEMU), AMD, "aarch64", QEMU),
        ((PYTHON, PYTHON), AMD, "aarch64", "a processor of AuthenticAMD"),
        ((PYTHON, PYTHON), "vendor_id : GenuineIntel", "armv7l", "a processor of GenuineIntel"),
    ],
)
def test_an_emulator_is_named(machine, exe, processor, name, found):
    assert emulator(machine({"proc/cpuinfo": processor}, exe, name)) == found


def test_a_machine_without_proc_is_taken_for_real(tmp_path):
    assert emulator(tmp_path) == ""


def test_this_process_is_not_emulated():
    assert emulator() == ""


@pytest.mark.parametrize("measure", ["benchmark", "profile"])
def test_times_of_an_emulated_processor_are_refused(machine, classifier, measure):
    root = machine({}, exe=(PYTHON, QEMU))
    subject = edge.load(classifier) if measure == "benchmark" else classifier
    with pytest.raises(RuntimeError, match=r"count its instructions.*Received: /usr/bin/qemu"):
        getattr(edge, measure)(subject, root=root)
