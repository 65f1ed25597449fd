import keras
import numpy as np
import pytest

from kerascnn import data
from kerascnn.models.generation.conditional_gan import conditional_gan
from kerascnn.registry import get_system
from kerascnn.tasks import get_task

TINY = get_system("conditional_gan").tiny


def dense(given, made):
    return given * made + made


def test_both_networks_have_the_parameters_of_the_paper():
    with keras.StatelessScope(initialize_variables=False):
        model = conditional_gan()
    generator = dense(100, 200) + dense(10, 1000) + dense(1200, 1200) + dense(1200, 784)
    discriminator = dense(784, 240 * 5) + dense(10, 50 * 5) + dense(290, 240 * 4) + dense(240, 1)
    assert model.generator.count_params() == generator == 2_413_984
    assert model.discriminator.count_params() == discriminator == 1_224_351


def test_both_networks_look_at_the_label():
    model = conditional_gan(**TINY)
    latents = model.latents(10)
    zeros, ones = np.zeros(10, int), np.ones(10, int)
    images = model.generate(latents, zeros)
    assert not np.allclose(images, model.generate(latents, ones))
    assert not np.allclose(model.criticise(images, zeros), model.criticise(images, ones))


def test_training_needs_labels():
    model = conditional_gan(**TINY)
    assert model.needs_labels
    model.compile()
    images = np.zeros((8, 8, 8, 1), "float32")
    history = model.fit(images, np.arange(8), batch_size=4, verbose=0).history
    assert np.isfinite([value for (value,) in history.values()]).all()


@pytest.mark.parametrize("wrong", [{"units": (8, 8)}, {"maxout_units": (8,)}], ids=str)
def test_wrong_arguments_are_refused(wrong):
    with pytest.raises(ValueError, match="three hidden layers"):
        conditional_gan(**{**TINY, **wrong})


def test_images_without_labels_are_refused():
    dataset = data.from_arrays("mine", np.zeros((20, 8, 8, 1)))
    with pytest.raises(ValueError, match="Received: mine without label"):
        get_task("generation").check(conditional_gan(**TINY), dataset)
