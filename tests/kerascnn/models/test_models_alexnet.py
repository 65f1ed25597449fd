import keras
import numpy as np
import pytest

from kerascnn.layers import LocalResponseNormalization
from kerascnn.models.classification.alexnet import alexnet

RNG = np.random.default_rng(0)
SMALL = {"kernel_size": 5, "strides": 1, "width": 1 / 32, "units": 8, "num_classes": 3}


@pytest.fixture(scope="module")
def paper():
    with keras.StatelessScope(initialize_variables=False):
        return alexnet()


def test_the_maps_have_the_sizes_of_the_paper(paper):
    names = ("conv1", "conv1_pool", "conv2", "conv2_pool", "conv3", "conv4", "conv5", "conv5_pool")
    shapes = [paper.get_layer(name).output.shape[1:] for name in names]
    sides, channels = (55, 27, 27, 13, 13, 13, 13, 6), (96, 96, 256, 256, 384, 384, 256, 256)
    assert shapes == [(s, s, c) for s, c in zip(sides, channels, strict=True)]


def test_kernels_of_two_groups_see_half_of_the_channels_and_give_half(paper):
    convolutions = [one for one in paper.layers if isinstance(one, keras.layers.Conv2D)]
    expected = {"conv1": (3, 96), "conv3": (256, 384)}
    for group in ("group1", "group2"):
        expected |= {f"conv2_{group}": (48, 128), f"conv4_{group}": (192, 192)}
        expected[f"conv5_{group}"] = (192, 128)
    assert {one.name: one.kernel.shape[2:] for one in convolutions} == expected


def test_without_groups_it_is_the_larger_network():
    with keras.StatelessScope(initialize_variables=False):
        assert alexnet(groups=1).count_params() == 62_378_344


def test_a_group_does_not_depend_on_the_channels_of_the_other():
    model = alexnet((19, 19, 3), **SMALL, normalize=False)
    group = model.get_layer("conv4_group1").input
    model = keras.Model(model.get_layer("conv3").output, model.get_layer("conv4").output)
    maps = RNG.normal(size=(1, *model.input_shape[1:])).astype("float32")
    changed = maps.copy()
    changed[..., group.shape[-1] :] += 1.0
    same = np.isclose(model(maps), model(changed), atol=1e-6).all(axis=(0, 1, 2))
    np.testing.assert_array_equal(same, np.repeat([True, False], same.size // 2))


def test_the_first_two_responses_are_normalized_before_the_pool(paper):
    normalizations = [one for one in paper.layers if isinstance(one, LocalResponseNormalization)]
    assert [one.input for one in normalizations] == [
        paper.get_layer(name).output for name in ("conv1", "conv2")
    ]
    config = normalizations[0].get_config()
    assert {"size": 5, "bias": 2.0, "alpha": 1e-4, "beta": 0.75}.items() <= config.items()
    plain = alexnet((19, 19, 3), **SMALL, normalize=False)
    assert not any(isinstance(one, LocalResponseNormalization) for one in plain.layers)


@pytest.mark.parametrize(("option", "value"), [("kernel_size", 11), ("strides", 4)])
def test_the_smallest_image_is_taken_and_a_smaller_one_refused(option, value):
    options = {**SMALL, option: value}
    side = options["kernel_size"] + 14 * options["strides"]
    model = alexnet((side, side, 1), **options)
    assert model.get_layer("conv5_pool").output.shape[1:3] == (1, 1)
    with pytest.raises(ValueError, match=rf"at least {side} .*Received: input_shape"):
        alexnet((side, side - 1, 1), **options)


def test_more_groups_are_refused():
    with pytest.raises(ValueError, match="Received: groups=3"):
        alexnet(groups=3)
