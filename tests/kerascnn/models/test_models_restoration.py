"""The systems that restore images: sizes, and what is connected with what."""

import keras
import numpy as np
import pytest
import skimage.data

from kerascnn import create_model, edge, export
from kerascnn.layers import BicubicResampling

RNG = np.random.default_rng(0)
NAMES = ("rdn", "red_net", "srcnn")
SMALL = {
    "rdn": {"blocks": 2, "convolutions": 2, "filters": 8, "growth": 4},
    "red_net": {"depth": 6, "filters": 8},
    "srcnn": {"filters": (8, 4)},
}


def size(name, **options):
    with keras.StatelessScope(initialize_variables=False):
        return create_model(name, **options).count_params()


def small(name, shape=(12, 12, 1), **options):
    keras.utils.set_random_seed(0)
    return create_model(name, input_shape=shape, **{**SMALL[name], **options})


def conv(kernel, given, made):
    return kernel**2 * given * made + made


def test_srcnn_has_the_parameters_of_the_paper():
    assert size("srcnn") == conv(9, 1, 64) + conv(1, 64, 32) + conv(5, 32, 1) == 8_129
    wide = size("srcnn", kernel_sizes=(9, 5, 5))
    assert wide == conv(9, 1, 64) + conv(5, 64, 32) + conv(5, 32, 1) == 57_281


@pytest.mark.parametrize(("depth", "count"), [(10, 296_641), (20, 665_921), (30, 1_035_201)])
def test_red_net_has_the_parameters_of_the_paper(depth, count):
    hidden = (depth - 2) * conv(3, 64, 64)
    assert size("red_net", depth=depth) == conv(3, 1, 64) + hidden + conv(3, 64, 1) == count


@pytest.mark.parametrize(
    ("scale", "count"), [(1, 21_975_683), (2, 22_123_395), (3, 22_308_035), (4, 22_271_107)]
)
def test_rdn_has_the_parameters_of_the_paper(scale, count):
    block = sum(conv(3, 64 * n, 64) for n in range(1, 9)) + conv(1, 64 * 9, 64)
    shallow = conv(3, 3, 64) + conv(3, 64, 64)
    fusion = conv(1, 64 * 16, 64) + conv(3, 64, 64)
    upscale = {1: 0, 2: 1, 3: 1, 4: 2}[scale] * conv(3, 64, 64 * (9 if scale == 3 else 4))
    assert shallow + 16 * block + fusion + upscale + conv(3, 64, 3) == count
    assert size("rdn", input_shape=(96, 96, 3), scale=scale) == count


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scale", [2, 3])
def test_any_size_goes_in_and_a_multiple_comes_out(name, scale):
    model = small(name, (None, None, 3), scale=scale)
    for sides in ((4, 6), (7, 5)):
        restored = model.predict(np.zeros((2, *sides, 3), "float32"), verbose=0)
        assert restored.shape == (2, scale * sides[0], scale * sides[1], 3)
    assert model.shrink == scale


def silence(model, *names):
    """Let layers give nothing."""
    for name in names:
        layer = model.network.get_layer(name)
        layer.set_weights([0 * weight for weight in layer.get_weights()])


def test_without_its_last_layer_red_net_gives_the_image():
    images = RNG.uniform(size=(2, 12, 12, 1)).astype("float32")
    for scale, expected in ((1, images), (3, BicubicResampling(up=3)(images))):
        model = small("red_net", (None, None, 1), scale=scale)
        silence(model, "deconv3")
        np.testing.assert_allclose(model.network(images), expected, rtol=1e-6)


def test_shortcuts_of_red_net_join_what_mirrors_each_other():
    model = small("red_net", depth=10)
    names = [layer.name for layer in model.network.layers]
    assert [name for name in names if name.startswith("shortcut")] == ["shortcut4", "shortcut2"]
    # Behind the silent deconvolutions only the second convolution is left.
    silence(model, "deconv1", "deconv2", "deconv3")
    second = keras.Model(model.network.input, model.network.get_layer("conv2").output)
    third = keras.Model(model.network.input, model.network.get_layer("deconv3_relu").output)
    images = RNG.uniform(size=(1, 12, 12, 1)).astype("float32")
    assert np.abs(second(images)).max() > 0
    np.testing.assert_allclose(third(images), second(images), rtol=1e-6)


def test_each_convolution_of_a_block_sees_all_before_it():
    network = small("rdn").network
    assert network.get_layer("block1_conv1").kernel.shape == (3, 3, 8, 4)
    assert network.get_layer("block1_conv2").kernel.shape == (3, 3, 8 + 4, 4)
    assert network.get_layer("block1_fusion").kernel.shape == (1, 1, 8 + 4 + 4, 8)
    assert network.get_layer("fusion1").kernel.shape == (1, 1, 2 * 8, 8)


def test_a_block_that_fuses_nothing_is_passed_by():
    model = small("rdn")
    silence(model, "block1_fusion", "block2_fusion")
    seen = model.network.get_layer("blocks").output
    outputs = keras.Model(model.network.input, [model.network.get_layer("shallow2").output, seen])
    shallow, joined = outputs(RNG.uniform(size=(1, 6, 6, 1)).astype("float32"))
    np.testing.assert_array_equal(joined, np.concatenate([shallow, shallow], axis=-1))


def test_a_large_photograph_goes_through_a_small_file_without_seams(tmp_path):
    model = small("red_net", (64, 64, 1))
    export.to_tflite(model, tmp_path / "m.tflite", metadata=edge.Metadata(task="restoration"))
    photograph = skimage.data.retina()[200:1224, 200:1224, 1]
    whole = small("red_net", (None, None, 1))
    whole.set_weights(model.get_weights())
    # The file's pixels are in [0, 1] too.
    expected = whole.predict(photograph[None, ..., None] / np.float32(255), verbose=0)[0]
    loaded = edge.load(tmp_path / "m.tflite")
    errors = {
        overlap: np.abs(edge.tiled(loaded, photograph, overlap=overlap) - expected).max()
        for overlap in (0, 32)
    }
    assert errors[0] > 0.05
    assert errors[32] < 0.1 * errors[0], errors


def test_srcnn_may_learn_to_enlarge():
    model = small("srcnn", upscale="transpose")
    assert model.network.get_layer("upscale").kernel.shape == (6, 6, 1, 1)
    assert model.network.output_shape == (None, 12, 12, 1)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("srcnn", {"scale": 1}),
        ("srcnn", {"scale": 5}),
        ("srcnn", {"upscale": "nearest"}),
        ("red_net", {"depth": 5}),
        ("red_net", {"depth": 2}),
        ("red_net", {"scale": 5}),
        ("rdn", {"scale": 6}),
        ("rdn", {"scale": 8}),
        ("rdn", {"blocks": 0}),
    ],
    ids=str,
)
def test_wrong_arguments_are_refused(name, options):
    with pytest.raises(ValueError, match="Received: "):
        create_model(name, **{"input_shape": (12, 12, 1), **options})
