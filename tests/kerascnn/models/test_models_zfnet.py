import keras
import numpy as np
import pytest

from kerascnn.layers import LocalResponseNormalization
from kerascnn.models.classification.zfnet import zfnet

RNG = np.random.default_rng(0)
SMALL = {"strides": 1, "width": 1 / 64, "units": 8, "num_classes": 3}


@pytest.fixture(scope="module")
def paper():
    with keras.StatelessScope(initialize_variables=False):
        return zfnet()


def test_the_maps_have_the_sizes_of_the_paper(paper):
    names = ("conv1", "conv1_pool", "conv2", "conv2_pool", "conv3", "conv4", "conv5", "conv5_pool")
    shapes = [paper.get_layer(name).output.shape[1:] for name in names]
    sides, channels = (110, 55, 26, 13, 13, 13, 13, 6), (96, 96, 256, 256, 384, 384, 256, 256)
    assert shapes == [(s, s, c) for s, c in zip(sides, channels, strict=True)]


def test_the_first_kernels_are_smaller_than_those_of_alexnet_and_nothing_has_groups(paper):
    convolutions = [one for one in paper.layers if isinstance(one, keras.layers.Conv2D)]
    assert [one.kernel.shape[:2] for one in convolutions] == [(7, 7), (5, 5)] + [(3, 3)] * 3
    assert [one.strides for one in convolutions] == [(2, 2)] * 2 + [(1, 1)] * 3
    assert {one.groups for one in convolutions} == {1}


def test_responses_are_normalized_behind_the_pool(paper):
    normalizations = [one for one in paper.layers if isinstance(one, LocalResponseNormalization)]
    assert [one.input for one in normalizations] == [
        paper.get_layer(name).output for name in ("conv1_pool", "conv2_pool")
    ]


def test_a_kernel_above_the_largest_root_mean_square_is_scaled_back_and_no_other():
    model = zfnet((21, 21, 3), **SMALL, max_rms=0.2)
    layer = model.get_layer("conv3")
    kernel = RNG.normal(size=layer.kernel.shape).astype("float32")
    kernel *= np.linspace(0.05, 0.5, kernel.shape[-1])
    rms = np.sqrt(np.mean(kernel**2, axis=(0, 1, 2)))
    assert set(rms > 0.2) == {True, False}
    expected = kernel * np.minimum(1.0, 0.2 / rms)
    np.testing.assert_allclose(layer.kernel_constraint(kernel), expected, rtol=1e-5)


@pytest.mark.parametrize(("strides", "side"), [(1, 21), (2, 53)])
def test_the_smallest_image_is_taken_and_a_smaller_one_refused(strides, side):
    options = {**SMALL, "strides": strides}
    model = zfnet((side, side, 1), **options)
    assert model.get_layer("conv5_pool").output.shape[1:3] == (1, 1)
    with pytest.raises(ValueError, match=rf"at least {side} .*Received: input_shape"):
        zfnet((side, side - 1, 1), **options)
