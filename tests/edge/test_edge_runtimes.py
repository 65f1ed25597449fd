"""Choosing the runtime and the accelerator, and what is said when there is none."""

import importlib.machinery
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from kerascnn import edge


def test_the_preferred_runtime_stands_first():
    found = edge.runtimes()
    names = [runtime.name for runtime in found]
    assert names == ["ai-edge-litert", "tflite-runtime", "tensorflow"]
    assert found[0].usable
    assert found[0].version[0].isdigit()
    assert found[0].problem == ""


def test_missing_runtimes_say_so(monkeypatch):
    for name in ("ai_edge_litert.interpreter", "tflite_runtime", "tensorflow"):
        monkeypatch.setitem(sys.modules, name, None)
    assert [runtime.usable for runtime in edge.runtimes()] == [False] * 3
    assert all("not installed" in runtime.problem for runtime in edge.runtimes())


def test_no_runtime_is_an_error_that_says_what_to_install(monkeypatch, classifier):
    for name in ("ai_edge_litert.interpreter", "tflite_runtime", "tensorflow"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(edge.ModelError, match=r'pip install "kerascnn\[edge\]"'):
        edge.load(classifier)


def test_tflite_runtime_is_not_used_with_numpy_2(monkeypatch, classifier):
    """Its import succeeds there, and its first use crashes."""
    for name in ("ai_edge_litert.interpreter", "tensorflow"):
        monkeypatch.setitem(sys.modules, name, None)
    module = type(sys)("tflite_runtime")
    module.__spec__ = importlib.machinery.ModuleSpec("tflite_runtime", None)
    monkeypatch.setitem(sys.modules, "tflite_runtime", module)
    monkeypatch.setattr(np, "__version__", "2.4.6")
    with pytest.raises(edge.ModelError, match='pip install "numpy<2"'):
        edge.load(classifier)
    monkeypatch.setattr(np, "__version__", "1.26.4")
    assert edge.runtimes()[1].usable is ("tensorflow" not in sys.modules)


def test_tensorflow_serves_when_nothing_else_is_there(classifier):
    script = """
        import sys, numpy as np
        sys.modules["ai_edge_litert.interpreter"] = sys.modules["tflite_runtime"] = None
        from kerascnn import edge
        model = edge.load(sys.argv[1])
        print(model.runtime, *model(np.full((1, 4, 4, 1), 0.5, np.float32))[0])
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script), classifier],
        capture_output=True,
        text=True,
        check=True,
    )
    name, _, *scores = done.stdout.split()
    assert name == "tensorflow"
    expected = edge.load(classifier)(np.full((1, 4, 4, 1), 0.5, np.float32))[0]
    np.testing.assert_allclose(np.float64(scores), expected, atol=0.2)


def test_a_missing_accelerator_says_what_to_install():
    tpu, gpu = edge.delegates()
    assert (tpu.name, tpu.usable, gpu.name, gpu.usable) == ("Edge TPU", False, "GPU", False)
    assert "libedgetpu1-std" in tpu.problem
    assert "libtensorflowlite_gpu_delegate.so" in gpu.problem
