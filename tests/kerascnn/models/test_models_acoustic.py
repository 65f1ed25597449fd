"""The acoustic models: their sizes, and what one pass over a recording gives."""

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn.models.acoustic.limited_weight_sharing_cnn import limited_weight_sharing_cnn
from kerascnn.models.acoustic.lvcsr_cnn import lvcsr_cnn
from kerascnn.models.acoustic.time_dilated_cnn import time_dilated_cnn

RNG = np.random.default_rng(0)
DILATED = {"bands": 16, "filters": (3, 4), "blocks": (1, 2), "units": (6,), "num_states": 5}


def dense(given, made):
    return given * made + made


def test_the_first_has_the_convolutions_of_the_paper():
    with keras.StatelessScope(initialize_variables=False):
        model = lvcsr_cnn()
    convolutions = dense(9 * 9 * 3, 256) + dense(3 * 4 * 256, 256)
    given = sum(model.get_layer(name).count_params() for name in ("conv1", "conv2"))
    assert given == convolutions == 849_152
    # 40 bands less 8 are 32, of which the pool leaves 10, and the second kernel 7.
    rest = dense(7 * 256, 1024) + 3 * dense(1024, 1024) + dense(1024, 512)
    assert model.count_params() == convolutions + rest + 2 * 40  # mean and variance of a band


def test_the_second_has_a_kernel_for_each_section():
    sections = (40 - 8 - 6 + 1) // 2 + 1
    count = 2 * 40 + sections * dense(15 * 8 * 3, 84)
    count += dense(sections * 84, 1000) + dense(1000, 1000)
    params = kerascnn.get_system("limited_weight_sharing_cnn").params
    assert params == {"limited_weight_sharing_cnn": count + dense(1000, 183)}


def test_the_third_has_the_parameters_of_its_blocks():
    count, before = 2 * 64, 1
    for filters, convolutions in zip((64, 128, 256, 512), (2, 2, 3, 3), strict=True):
        for _ in range(convolutions):
            count += 9 * before * filters + 4 * filters
            before = filters
    count += dense(64 // 16 * 512, 2048) + dense(2048, 2048) + dense(2048, 512)
    assert kerascnn.get_system("time_dilated_cnn").params == {"time_dilated_cnn": count}


@pytest.mark.parametrize("build", [lvcsr_cnn, limited_weight_sharing_cnn])
def test_a_frame_sees_its_window_and_nothing_else(build):
    model = build((16_000,), filters=3, units=(8,))
    window = {"lvcsr_cnn": 11, "limited_weight_sharing_cnn": 15}[build.__name__]
    sound = RNG.uniform(-1, 1, (1, 16_000)).astype("float32")
    heard = sound.copy()
    heard[:, 8000:8160] = 0.0
    moved = np.any(np.asarray(model(sound)) != np.asarray(model(heard)), axis=-1)[0]
    # Differences see two frames on each side, twice; a frame has 320 samples, 160 after another.
    reach = window // 2 + 4
    changed = np.flatnonzero(moved)
    assert 49 - reach <= changed.min() <= changed.max() <= 50 + reach
    assert len(changed) >= window


def strided(model, convolutions):
    """The same network with strides in time, for a window that becomes one frame."""
    image = keras.Input((None, 16, 1))
    x = image
    for block, count in enumerate(convolutions, 1):
        for number in range(1, count + 1):
            name = f"block{block}_conv{number}"
            kernel = model.get_layer(name).get_weights()
            x = keras.layers.ZeroPadding2D((0, 1))(x)
            layer = keras.layers.Conv2D(kernel[0].shape[-1], 3, use_bias=False)
            x = layer(x)
            layer.set_weights(kernel)
            x = keras.layers.ReLU()(model.get_layer(f"{name}_bn")(x))
        x = keras.layers.MaxPooling2D(2)(x)
    return keras.Model(image, x)


def test_one_pass_gives_what_strides_give_for_every_window():
    model = time_dilated_cnn((64 * 160 + 160,), **DILATED)
    for layer in model.layers:
        layer.set_weights([RNG.uniform(0.1, 1, weight.shape) for weight in layer.get_weights()])
    context, last = model.get_layer("context"), model.get_layer("block2_pool_time")
    frames = RNG.normal(size=(1, 64, 16, 1)).astype("float32")
    padded, dense_maps = keras.Model(context.input, [context.output, last.output])(frames)
    assert dense_maps.shape[1] == 64
    window = padded.shape[1] - 64 + 1
    network = strided(model, DILATED["blocks"])
    for offset in range(64):
        expected = network(padded[:, offset : offset + window])
        assert expected.shape[1] == 1
        np.testing.assert_allclose(dense_maps[:, offset], expected[:, 0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("build", "wrong", "message"),
    [
        (lvcsr_cnn, {"kernel_sizes": ((9, 9),)}, "two convolutions"),
        (lvcsr_cnn, {"bands": 12}, "fit into the bands"),
        (limited_weight_sharing_cnn, {"bands": 12}, "13 bands at least"),
        (time_dilated_cnn, {"bands": 40}, "divisible by 16"),
        (time_dilated_cnn, {"filters": (4, 8)}, "each block have channels"),
    ],
)
def test_wrong_arguments_are_refused(build, wrong, message):
    with pytest.raises(ValueError, match=message):
        build((16_000,), **wrong)
