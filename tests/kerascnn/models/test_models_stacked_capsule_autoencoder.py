import keras
import numpy as np
import pytest

from kerascnn.models.clustering.stacked_capsule_autoencoder import stacked_capsule_autoencoder
from kerascnn.registry import get_system
from kerascnn.training import Unsupervised

TINY = get_system("stacked_capsule_autoencoder").tiny
IMAGES = np.random.default_rng(0).uniform(size=(3, 27, 27, 1)).astype("float32")


@pytest.fixture(scope="module")
def paper():
    with keras.StatelessScope(initialize_variables=False):
        return stacked_capsule_autoencoder()


@pytest.fixture(scope="module")
def tiny():
    keras.utils.set_random_seed(0)
    return stacked_capsule_autoencoder(**TINY)


def test_the_parts_are_those_of_the_paper(paper):
    network = paper.network
    maps = network.get_layer("conv4").output
    encoder = sum(network.get_layer(f"conv{i}").count_params() for i in range(1, 5))
    assert maps.shape == (None, 5, 5, 128)
    assert encoder == 444_032
    # A vector for each place; 6 + 1 + 16 numbers and a logit of attention for each of 40 parts.
    assert network.get_layer("parts").count_params() == 25 * 128 + 129 * 40 * 24
    templates = network.get_layer("templates")
    assert templates.count_params() == 40 * 2 * 121 + 2
    assert templates.output[0].shape == (None, 41, 40, 40, 1)


def test_the_objects_are_those_of_the_paper(paper):
    network = paper.network
    block = 4 * 17 * 16 + 17 * 32 + 33 * 16 + 4 * 16
    pooling = 32 * 256 + 4 * 257 * 256
    assert network.get_layer("objects").count_params() == 24 * 16 + 3 * block + 17 * 256 + pooling
    dense = [network.get_layer(f"object_dense{i}").count_params() for i in (1, 2, 3)]
    assert dense == [32 * 257 * 128, 32 * 129 * 32, 32 * 33 * 128]
    assert network.get_layer("object_logits").count_params() == 32 * 129 * 41
    votes = 32 * (129 * 6 + 128 * 240 + 240 + 129 * 40)
    assert network.get_layer("votes").count_params() == votes
    assert paper.deployable.output_shape == (None, 32)


def test_an_object_is_present_as_far_as_one_of_its_parts_is(tiny):
    probe = keras.Model(tiny.network.input, tiny.network.get_layer("object_presences").output)
    there = np.array(probe(IMAGES))
    expected = (there[..., :1] * there[..., 1:]).max(axis=-1)
    np.testing.assert_allclose(tiny.deployable(IMAGES), expected, rtol=1e-5)


def test_gradients_of_objects_reach_the_encoder_by_special_features_alone(tiny):
    encoder = tiny.network.get_layer("parts").capsules
    before = np.array(encoder.bias).reshape(3, 9)
    *_, parts, _, _ = tiny.network.outputs
    objects = keras.Model(tiny.network.input, [tiny.network.outputs[0], parts])
    model = Unsupervised(objects)
    model.compile(keras.optimizers.SGD(1.0))
    model.fit(IMAGES, verbose=0)
    moved = np.abs(np.array(encoder.bias).reshape(3, 9) - before).max(axis=0)
    np.testing.assert_array_equal(moved[:7], 0.0)
    assert moved[7:].min() > 0


def test_images_without_places_to_attend_to_are_refused():
    with pytest.raises(ValueError, match=r"Received: input_shape=\(40, 26, 1\)"):
        stacked_capsule_autoencoder((40, 26, 1))
