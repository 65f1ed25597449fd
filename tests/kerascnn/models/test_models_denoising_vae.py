import numpy as np
import pytest

from kerascnn.models.autoencoding.denoising_vae import denoising_vae

IMAGES = np.random.default_rng(0).uniform(0.2, 0.8, size=(2, 8, 8, 1)).astype("float32")
SMALL = {"latent_dim": 3, "filters": 4}


def test_noise_needs_no_parameters():
    encoder = (9 * 1 * 32 + 32) + (9 * 32 * 64 + 64) + 2 * (7 * 7 * 64 * 20 + 20)
    decoder = (20 * 7 * 7 * 64 + 7 * 7 * 64) + (9 * 64 * 32 + 32) + (9 * 32 * 1 + 1)
    assert denoising_vae().count_params() == encoder + decoder == 228_905


@pytest.mark.parametrize("noise", ["salt_and_pepper", "gaussian"])
def test_the_posterior_is_that_of_an_image_with_new_noise_in_training(noise):
    model = denoising_vae((8, 8, 1), **SMALL, noise=noise, level=0.5)
    first, second = (np.array(model(IMAGES, training=True)["posterior"]) for _ in range(2))
    assert np.abs(first - second).max() > 1e-4


def test_inference_describes_the_image_as_it_is():
    model = denoising_vae((8, 8, 1), **SMALL)
    outputs = model(IMAGES, training=False)
    mean, log_var = model.get_layer("encoder")(IMAGES)
    np.testing.assert_array_equal(outputs["posterior"], np.concatenate([mean, log_var], -1))
    np.testing.assert_array_equal(outputs["reconstruction"], model.get_layer("decoder")(mean))


@pytest.mark.parametrize(("name", "value"), [("noise", "rain"), ("level", 0.0), ("level", 1.5)])
def test_noise_of_another_kind_or_level_is_refused(name, value):
    with pytest.raises(ValueError, match=rf"in \(0, 1\].*Received: .*{name}={value}"):
        denoising_vae((8, 8, 1), **SMALL, **{name: value})


def test_sides_must_halve_twice():
    with pytest.raises(ValueError, match=r"Received: input_shape=\(28, 30, 1\)"):
        denoising_vae((28, 30, 1))
