"""Transposed convolutions without their fused ReLU: the same bits in older runtimes."""

import keras
import numpy as np
import pytest
from keras import layers

from kerascnn import edge, export
from kerascnn.export.conversion import process
from kerascnn.export.targets.transposed import drop_relus


@pytest.mark.parametrize("most", [None, 6.0])
def test_a_relu_that_the_range_cuts_off_is_left_out(most, tmp_path, monkeypatch):
    image = keras.Input((6, 6, 4), name="image")
    x = layers.Conv2DTranspose(8, 3, strides=2, padding="same", use_bias=False)(image)
    x = layers.ReLU(most)(layers.BatchNormalization()(x))
    model = keras.Model(image, layers.Conv2D(3, 1)(x))
    images = np.random.default_rng(0).normal(size=(16, 6, 6, 4)).astype("float32")
    monkeypatch.setattr(process, "drop_relus", lambda data: data)
    fused, plain = tmp_path / "fused.tflite", tmp_path / "plain.tflite"
    fused.write_bytes(
        process.convert_model(
            model, quantize="int8", input_output="int8", samples={"image": images}
        )
    )
    plain.write_bytes(drop_relus(fused.read_bytes()))
    versions = [
        [node.version for node in export.inspect(path).nodes if node.name == "TRANSPOSE_CONV"]
        for path in (fused, plain)
    ]
    assert versions == [[4], [3]]
    assert export.inspect(plain).runtime == "TensorFlow Lite 2.5"
    with edge.load(fused) as first, edge.load(plain) as second:
        np.testing.assert_array_equal(first(images), second(images))
    assert drop_relus(plain.read_bytes()) == plain.read_bytes()
