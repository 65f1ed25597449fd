"""The edge runtime against the bare interpreter, and against what it could do instead."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from benchmarks.measure import Row, compare
from kerascnn import edge, export

SIDE, BATCH = 96, 16
IMAGES = np.random.default_rng(0).random((BATCH, SIDE, SIDE, 3), np.float32)
LEVELS = np.round(IMAGES * 255 - 128).astype(np.int8)


def bare(content: bytes, batch: int | None = None) -> tuple[Interpreter, int, int]:
    """Prepare an interpreter; gives it with the places of its input and output."""
    interpreter = Interpreter(model_content=content, num_threads=1)
    place = interpreter.get_input_details()[0]["index"]
    if batch is not None:
        interpreter.resize_tensor_input(place, (batch, SIDE, SIDE, 3))
    interpreter.allocate_tensors()
    return interpreter, place, interpreter.get_output_details()[0]["index"]


def rows() -> Iterator[Row]:
    """Compare calls of an int8 MobileNetV2 of width 0.35."""
    model = keras.applications.MobileNetV2((SIDE, SIDE, 3), alpha=0.35, weights=None, classes=10)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.tflite")
        export.to_tflite(model, path, quantize="int8", calibration=IMAGES, input_output="int8")
        ours = edge.load(path, threads=1)
        content = path.read_bytes()
    interpreter, place, result = bare(content)
    view = interpreter.tensor(place)

    def call(values: np.ndarray = LEVELS[:1]) -> np.ndarray:
        interpreter.set_tensor(place, values)
        interpreter.invoke()
        return interpreter.get_tensor(result)

    def write() -> None:
        view()[...] = LEVELS[:1]

    whole, whole_place, whole_result = bare(content, BATCH)

    def call_whole() -> np.ndarray:
        whole.set_tensor(whole_place, LEVELS)
        whole.invoke()
        return whole.get_tensor(whole_result)

    yield Row(
        "a call with the file's integers", *compare(lambda: ours(LEVELS[:1]), call), "ms", 1.1
    )
    yield Row("a call with real values", *compare(lambda: ours(IMAGES[:1]), call), "ms")
    copying = compare(lambda: interpreter.set_tensor(place, LEVELS[:1]), write, runs=300)
    yield Row("a copy into the input, against a view of it", *copying, "ms")
    one_by_one = compare(lambda: ours(LEVELS), call_whole)
    yield Row(f"{BATCH} images one by one, against a resized file", *one_by_one, "ms")
