import keras
import numpy as np
import pytest

from kerascnn.models.generation.gan import gan
from kerascnn.registry import get_system

TINY = get_system("gan").tiny


@pytest.fixture(scope="module")
def paper():
    with keras.StatelessScope(initialize_variables=False):
        return gan()


def dense(given, made):
    return given * made + made


def test_both_networks_have_the_parameters_of_the_paper(paper):
    generator = dense(100, 1200) + dense(1200, 1200) + dense(1200, 784)
    discriminator = dense(784, 240 * 5) + dense(240, 240 * 5) + dense(240, 1)
    assert paper.generator.count_params() == generator == 2_503_984
    assert paper.discriminator.count_params() == discriminator == 1_231_441


def test_hidden_units_of_the_discriminator_are_the_largest_of_five(paper):
    maxout = paper.discriminator.get_layer("maxout1")
    assert maxout.pieces == 5
    assert maxout.output.shape == (None, 240)


def test_images_fill_the_range_of_their_data():
    model = gan(**TINY)
    for layer in model.generator.layers:
        layer.set_weights([30 * weight for weight in layer.get_weights()])
    latent = np.random.default_rng(0).normal(size=(50, 8)).astype("float32")
    images = np.array(model.deployable(latent))
    assert images.shape == (50, 8, 8, 1)
    assert images.min() < -0.99
    assert images.max() > 0.99


def test_pixels_and_units_are_dropped_in_training_alone():
    model = gan(**TINY, input_dropout=0.5)
    image = np.ones((1, 8, 8, 1), "float32")
    calm = {float(model.discriminator(image)[0, 0]) for _ in range(5)}
    dropped = {float(model.discriminator(image, training=True)[0, 0]) for _ in range(5)}
    assert len(calm) == 1 < len(dropped)


@pytest.mark.parametrize("wrong", [{"units": ()}, {"maxout_units": ()}, {"pieces": 0}], ids=str)
def test_wrong_arguments_are_refused(wrong):
    with pytest.raises(ValueError, match="Received: "):
        gan(**{**TINY, **wrong})
