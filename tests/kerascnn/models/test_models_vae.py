import keras
import numpy as np
import pytest

from kerascnn.models.autoencoding.vae import vae

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(8, 8, 1), (16, 16, 3), (28, 20, 1)], ids=str)
def test_reconstructions_are_images_of_the_same_shape(shape):
    model = vae(shape, latent_dim=3, filters=4)
    outputs = model(RNG.uniform(size=(2, *shape)).astype("float32"))
    assert outputs["reconstruction"].shape == (2, *shape)
    assert outputs["posterior"].shape == (2, 6)
    values = np.array(outputs["reconstruction"])
    assert 0 < values.min() < values.max() < 1


def test_inference_decodes_the_mean():
    model = vae((8, 8, 1), latent_dim=3, filters=4)
    image = RNG.uniform(size=(2, 8, 8, 1)).astype("float32")
    outputs = model(image, training=False)
    mean, log_var = model.get_layer("encoder")(image)
    np.testing.assert_array_equal(outputs["posterior"], np.concatenate([mean, log_var], -1))
    np.testing.assert_array_equal(outputs["reconstruction"], model.get_layer("decoder")(mean))


def test_training_decodes_samples():
    model = vae((8, 8, 1), latent_dim=3, filters=4)
    image = RNG.uniform(size=(2, 8, 8, 1)).astype("float32")
    first, second = (model(image, training=True) for _ in range(2))
    np.testing.assert_array_equal(first["posterior"], second["posterior"])
    difference = np.array(first["reconstruction"]) - second["reconstruction"]
    assert np.abs(difference).max() > 1e-4


def test_outputs_are_float32_in_mixed_precision():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = vae((8, 8, 1), latent_dim=3, filters=4)
    finally:
        keras.config.set_dtype_policy("float32")
    assert {output.dtype for output in model.outputs} == {"float32"}
    assert model.get_layer("encoder").get_layer("conv2").compute_dtype == "float16"


def test_sides_must_halve_twice():
    with pytest.raises(ValueError, match=r"Received: input_shape=\(28, 30, 1\)"):
        vae((28, 30, 1))
