import keras
import numpy as np
import pytest

from kerascnn import data
from kerascnn.models.autoencoding.convolutional_autoencoder import convolutional_autoencoder

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(8, 8, 1), (16, 16, 3), (28, 20, 1)], ids=str)
def test_reconstructions_are_images_of_the_same_shape(shape):
    model = convolutional_autoencoder(shape, latent_dim=3, filters=4)
    values = np.array(model(RNG.uniform(size=(2, *shape)).astype("float32")))
    assert values.shape == (2, *shape)
    assert 0 < values.min() < values.max() < 1


def test_the_decoder_draws_from_the_code_alone():
    model = convolutional_autoencoder((8, 8, 1), latent_dim=3, filters=4)
    image = RNG.uniform(size=(2, 8, 8, 1)).astype("float32")
    code = model.get_layer("encoder")(image)
    assert code.shape == (2, 3)
    np.testing.assert_array_equal(model(image), model.get_layer("decoder")(code))


def test_each_side_has_the_parameters_of_its_layers():
    model = convolutional_autoencoder()
    convolutions = (9 * 1 * 32 + 32) + (9 * 32 * 64 + 64)
    assert model.get_layer("encoder").count_params() == convolutions + (7 * 7 * 64 * 32 + 32)
    transposed = (9 * 64 * 32 + 32) + (9 * 32 * 1 + 1)
    dense = 32 * 7 * 7 * 64 + 7 * 7 * 64
    assert model.get_layer("decoder").count_params() == dense + transposed


def test_a_linear_code_of_that_length_misses_the_mark_of_the_experiment():
    dataset = data.load("digits", size=8)
    train, test = (
        data.arrays(split)["image"].reshape(-1, 64) for split in (dataset.train, dataset.test)
    )
    mean = train.mean(axis=0)
    axes = np.linalg.svd(train - mean, full_matrices=False)[2][:8]
    drawn = (test - mean) @ axes.T @ axes + mean
    assert np.mean((drawn - test) ** 2) == pytest.approx(0.0246, abs=2e-4)  # against 0.022


def test_reconstructions_are_float32_in_mixed_precision():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = convolutional_autoencoder((8, 8, 1), latent_dim=3, filters=4)
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.output.dtype == "float32"
    assert model.get_layer("encoder").output.dtype == "float16"


def test_sides_must_halve_twice():
    with pytest.raises(ValueError, match=r"Received: input_shape=\(28, 30, 1\)"):
        convolutional_autoencoder((28, 30, 1))
