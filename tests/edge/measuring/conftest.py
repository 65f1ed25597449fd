"""Trees of files that tell of other machines."""

import os
import platform

import pytest


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Give the function that writes such a tree and returns its root."""

    def write(files, exe=("/usr/bin/python3", "/usr/bin/python3"), name="aarch64"):
        monkeypatch.setattr(platform, "machine", lambda: name)
        for path, text in files.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        for folder, target in zip(("self", "thread-self"), exe, strict=True):
            (tmp_path / "proc" / folder).mkdir(parents=True, exist_ok=True)
            os.symlink(target, tmp_path / "proc" / folder / "exe")
        return tmp_path

    return write


@pytest.fixture
def pi(machine):
    """A Raspberry Pi 4 that is too warm and had too little power."""
    governor = "sys/devices/system/cpu/cpu{}/cpufreq/scaling_governor"
    return machine(
        {
            "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
            "proc/cpuinfo": "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd08\n",
            "sys/class/thermal/thermal_zone0/type": "gpu-thermal\n",
            "sys/class/thermal/thermal_zone0/temp": "40000\n",
            "sys/class/thermal/thermal_zone1/type": "cpu-thermal\n",
            "sys/class/thermal/thermal_zone1/temp": "81250\n",
            "sys/devices/platform/soc/soc:firmware/get_throttled": "50004\n",
            **{governor.format(core): "ondemand\n" for core in range(4)},
        }
    )
