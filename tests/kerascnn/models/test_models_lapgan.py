import keras
import numpy as np
import pytest

from kerascnn.models.generation.lapgan import lapgan
from kerascnn.models.laplacian_pyramid import enlarge, pyramid
from kerascnn.registry import get_system

RNG = np.random.default_rng(0)


def tiny(**options):
    keras.utils.set_random_seed(0)
    shape = {"input_shape": (16, 16, 1), "levels": 3, "dropout": 0.0}
    return lapgan(**{**get_system("lapgan").tiny, **shape, **options})


def images(count=5, channels=1):
    return RNG.uniform(-1, 1, (count, 16, 16, channels)).astype("float32")


def test_a_pyramid_adds_up_to_the_image():
    given = images(channels=3)
    parts = pyramid(given, 3)
    assert set(parts) == {"image4", "low8", "residual8", "low16", "residual16"}
    image = parts["image4"]
    for size in (8, 16):
        np.testing.assert_allclose(parts[f"low{size}"], enlarge(image), atol=1e-6)
        image = parts[f"low{size}"] + parts[f"residual{size}"]
    np.testing.assert_allclose(image, given, atol=1e-6)


def test_a_plain_image_has_no_residuals():
    parts = pyramid(np.full((2, 16, 16, 1), 0.3, "float32"), 3)
    np.testing.assert_allclose(parts["image4"], 0.3, rtol=1e-6)
    for size in (8, 16):
        np.testing.assert_allclose(parts[f"residual{size}"], 0, atol=1e-6)


def test_the_generator_is_the_chain_of_its_levels():
    gan = tiny()
    latents = gan.latents(4)
    assert {name: one.shape[1:] for name, one in latents.items()} == {
        "latent4": (8,),
        "latent8": (8, 8, 1),
        "latent16": (16, 16, 1),
    }
    levels = {size: gan.generator.get_layer(f"level{size}") for size in (4, 8, 16)}
    image = levels[4](latents["latent4"])
    for size in (8, 16):
        low = enlarge(image)
        image = low + levels[size]({"latent": latents[f"latent{size}"], "low": low})
    np.testing.assert_allclose(gan.generator(latents), image, atol=1e-5)


def test_every_level_is_trained_on_real_pyramids_alone():
    gan, given = tiny(), images()
    latents = gan.latents(5)
    true = pyramid(given, 3)
    drawn = dict(true)
    drawn["image4"] = gan.generator.get_layer("level4")(latents["latent4"])
    for size in (8, 16):
        level = gan.generator.get_layer(f"level{size}")
        fed = {"latent": latents[f"latent{size}"], "low": true[f"low{size}"]}
        drawn[f"residual{size}"] = level(fed)
    on_true, on_drawn = (
        np.stack([np.asarray(one)[:, 0] for one in gan.discriminator(one_of)])
        for one_of in (true, drawn)
    )
    expected = np.log1p(np.exp(-on_true)) + np.log1p(np.exp(on_drawn))
    losses = gan.discriminator_loss(given, None, latents, training=False)
    np.testing.assert_allclose(losses, expected.sum(axis=0), rtol=1e-4)
    losses = gan.generator_loss(given, None, latents, training=False)
    np.testing.assert_allclose(losses, np.log1p(np.exp(-on_drawn)).sum(axis=0), rtol=1e-4)


@pytest.mark.parametrize("options", [{"levels": 1}, {"levels": 6}, {"input_shape": (16, 8, 1)}])
def test_sizes_that_cannot_be_are_refused(options):
    with pytest.raises(ValueError, match="two levels or more"):
        tiny(**options)
