import keras
import numpy as np
import pytest

from kerascnn.layers import ConcatShortcut

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("sides", [((6, 6), (6, 6)), ((9, 8), (4, 6)), ((7, 5), (6, 5))])
def test_it_crops_the_middle_and_puts_the_skip_first(sides):
    (height, width), (rows, columns) = sides
    skip = RNG.normal(size=(2, height, width, 3)).astype("float32")
    x = RNG.normal(size=(2, rows, columns, 2)).astype("float32")
    top, left = (height - rows) // 2, (width - columns) // 2
    expected = np.zeros((2, rows, columns, 5))
    for i in range(rows):
        for j in range(columns):
            expected[:, i, j, :3] = skip[:, i + top, j + left]
            expected[:, i, j, 3:] = x[:, i, j]
    layer = ConcatShortcut()
    np.testing.assert_array_equal(layer([skip, x]), expected)
    assert layer.compute_output_shape([skip.shape, x.shape]) == expected.shape


def test_gradients_reach_both_inputs_and_nothing_that_was_cropped():
    skip, x = keras.Variable(np.ones((1, 4, 4, 1))), keras.Variable(np.ones((1, 2, 2, 1)))
    import tensorflow as tf

    with tf.GradientTape() as tape:
        total = keras.ops.sum(ConcatShortcut()([skip.value, x.value]))
    slopes = tape.gradient(total, [skip.value, x.value])
    assert [float(keras.ops.sum(slope)) for slope in slopes] == [4.0, 4.0]


def test_unknown_sides_are_taken_to_be_equal():
    skip, x = keras.Input((None, None, 3)), keras.Input((None, None, 2))
    model = keras.Model([skip, x], ConcatShortcut()([skip, x]))
    assert model.output_shape == (None, None, None, 5)
    assert model([np.ones((1, 8, 6, 3)), np.ones((1, 8, 6, 2))]).shape == (1, 8, 6, 5)


def test_it_opens_up_to_keras_layers():
    skip, x = keras.Input((8, 8, 3)), keras.Input((5, 6, 2))
    layer = ConcatShortcut()
    layer.build([skip.shape, x.shape])
    flat = keras.Model([skip, x], layer.call([skip, x]))
    assert ConcatShortcut not in {type(inner) for inner in flat.layers}
    assert flat.output_shape == (None, 5, 6, 5)


def test_it_is_the_same_when_loaded(tmp_path):
    skip, x = keras.Input((8, 8, 3)), keras.Input((5, 6, 2))
    keras.Model([skip, x], ConcatShortcut()([skip, x])).save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.output_shape == (None, 5, 6, 5)


def test_mixed_precision_computes_in_half():
    layer = ConcatShortcut(dtype="mixed_float16")
    output = layer([np.ones((1, 4, 4, 1), "float32"), np.ones((1, 2, 2, 1), "float32")])
    assert keras.backend.standardize_dtype(output.dtype) == "float16"


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([(1, 4, 4, 1), (1, 5, 4, 1)], r"skip=\(1, 4, 4, 1\)"),
        ([(1, 4, 4, 1)], "shapes="),
        ([(1, 4), (1, 4)], "shapes="),
    ],
)
def test_wrong_shapes_are_refused(shapes, message):
    with pytest.raises(ValueError, match=rf"Received: .*{message}|Received: {message}"):
        ConcatShortcut().build(shapes)
