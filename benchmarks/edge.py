"""Our int8 files against what Keras exports by itself, and against int8 in other runtimes.

These are measured where they are installed: `pip install onnxruntime onnx tf2onnx openvino nncf`.
"""

import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import numpy as np

from benchmarks.measure import Row, compare
from kerascnn import edge, export

SIDE = 96
IMAGES = np.random.default_rng(0).normal(size=(32, SIDE, SIDE, 3)).astype("float32")
RUNS = 60
# The most that time and size of our int8 file may be of those of Keras's own float32 file.
QUICK, SMALL = 0.9, 0.35


def network() -> keras.Model:
    """Build a network that people put on phones; its weights don't matter for time and size."""
    keras.utils.set_random_seed(0)
    return keras.applications.MobileNetV2((SIDE, SIDE, 3), weights=None, classes=100)


def rows() -> Iterator[Row]:
    """Compare time of one image and size with Keras's file, and time with other runtimes."""
    with tempfile.TemporaryDirectory() as name:
        folder, model = Path(name), network()
        ours, plain = folder / "ours.tflite", folder / "keras.tflite"
        export.to_tflite(model, ours, quantize="int8", calibration=IMAGES)
        model.export(plain, format="litert", verbose=False)
        with edge.load(ours) as fast, edge.load(plain) as slow:
            times = compare(lambda: fast(IMAGES[:1]), lambda: slow(IMAGES[:1]), runs=RUNS)
            yield Row("MobileNetV2, int8 against Keras's export, time", *times, "ms", QUICK)
            sizes = (path.stat().st_size / 1e6 for path in (ours, plain))
            yield Row("MobileNetV2, int8 against Keras's export, size", *sizes, "MB", SMALL)
            for runtime, (package, prepare) in OTHERS.items():
                if find_spec(package):
                    other = prepare(model, folder)
                    times = compare(lambda: fast(IMAGES[:1]), other, runs=RUNS)
                    yield Row(f"MobileNetV2, int8 against {runtime}, time", *times, "ms")


def in_onnx_runtime(model: keras.Model, folder: Path) -> Callable[[], Any]:
    """Quantize with ONNX Runtime's own tools; give one run."""
    import onnxruntime
    from onnxruntime import quantization

    class Reader(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            self.rows = iter(IMAGES)

        def get_next(self) -> dict[str, Any] | None:
            row = next(self.rows, None)
            return None if row is None else {model.inputs[0].name: row[None]}

    paths = [folder / "float.onnx", folder / "int8.onnx"]
    model.export(paths[0], format="onnx", verbose=False)
    quantization.quantize_static(*paths, Reader(), per_channel=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(paths[1], options, ["CPUExecutionProvider"])
    (taken,) = session.get_inputs()
    return lambda: session.run(None, {taken.name: IMAGES[:1]})


def in_openvino(model: keras.Model, folder: Path) -> Callable[[], Any]:
    """Quantize with OpenVINO's own tools; give one run."""
    import nncf
    import openvino

    path = folder / "float.xml"
    model.export(str(path), format="openvino", verbose=False)
    samples = nncf.Dataset([image[None] for image in IMAGES])
    quantized = nncf.quantize(openvino.Core().read_model(path), samples)
    threads = {"INFERENCE_NUM_THREADS": 1}
    compiled = openvino.Core().compile_model(quantized, "CPU", threads)
    return lambda: compiled(IMAGES[:1])


# Name -> the package that has to be there, and the function that quantizes and gives one run.
OTHERS = {
    "ONNX Runtime": ("onnxruntime", in_onnx_runtime),
    "OpenVINO": ("nncf", in_openvino),
}
