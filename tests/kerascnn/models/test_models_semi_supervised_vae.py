import keras
import numpy as np
import pytest

from kerascnn.models.classification.semi_supervised_vae import semi_supervised_vae

RNG = np.random.default_rng(0)
SMALL = {"num_classes": 3, "latent_dim": 2, "filters": 4, "units": 8}
IMAGES = RNG.uniform(size=(4, 8, 8, 1)).astype("float32")
LABELS = np.eye(3, dtype="float32")[[0, 2, 1, 2]]


def test_the_classifier_has_the_parameters_of_its_layers():
    convolutions = (9 * 1 * 32 + 32) + (9 * 32 * 64 + 64)
    dense = (7 * 7 * 64 * 500 + 500) + (500 * 10 + 10)
    assert semi_supervised_vae().deployable.count_params() == convolutions + dense == 1_592_326


def test_an_image_costs_its_pixels_and_its_latent_variables():
    model = semi_supervised_vae((8, 8, 1), **SMALL)
    pixels, divergence = model.generative([IMAGES, LABELS])
    mean, log_var = (np.array(x) for x in model.generative.get_layer("encoder")([IMAGES, LABELS]))
    drawn = np.array(model.generative.get_layer("decoder")([mean, LABELS]))
    nats = -IMAGES * np.log(drawn) - (1 - IMAGES) * np.log(1 - drawn)
    np.testing.assert_allclose(pixels, nats.sum(axis=(1, 2, 3)), rtol=1e-5)
    kl = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var)
    np.testing.assert_allclose(divergence, kl.sum(axis=1), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_both_sides_see_the_class(part):
    model = semi_supervised_vae((8, 8, 1), **SMALL).generative.get_layer(part)
    given = IMAGES if part == "encoder" else RNG.normal(size=(4, 2)).astype("float32")
    first, second = (
        keras.tree.flatten(model([given, label]))[0] for label in (LABELS, LABELS[::-1])
    )
    assert np.abs(np.array(first) - second).max() > 1e-4


def test_training_draws_from_samples():
    model = semi_supervised_vae((8, 8, 1), **SMALL)
    first, second = (model.generative([IMAGES, LABELS], training=True) for _ in range(2))
    np.testing.assert_array_equal(first[1], second[1])
    assert np.abs(np.array(first[0]) - second[0]).max() > 1e-4


def test_sides_must_halve_twice():
    with pytest.raises(ValueError, match=r"Received: input_shape=\(28, 30, 1\)"):
        semi_supervised_vae((28, 30, 1))
