"""Libraries of cameras that need no camera."""

import importlib
import sys
from pathlib import Path

import pytest

FAKES = Path(__file__).parent / "fakes"


@pytest.fixture
def no_libraries(monkeypatch):
    """Neither OpenCV nor picamera2 is installed."""
    for name in ("cv2", "picamera2"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.fixture
def library(monkeypatch, no_libraries):
    """Give the function that installs a fake library and returns it."""

    def install(name):
        monkeypatch.syspath_prepend(FAKES)
        monkeypatch.delitem(sys.modules, name)
        return importlib.import_module(name)

    yield install
    for name in ("cv2", "picamera2"):
        sys.modules.pop(name, None)
