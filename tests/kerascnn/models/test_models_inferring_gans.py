"""GANs that learn to say something of images: BiGAN and the semi-supervised GAN."""

import keras
import numpy as np
import pytest
from keras import ops

from kerascnn.models.generation.bigan import bigan
from kerascnn.models.generation.semi_supervised_gan import semi_supervised_gan
from kerascnn.registry import get_system

RNG = np.random.default_rng(0)


def tiny(builder, **options):
    keras.utils.set_random_seed(0)
    return builder(**{**get_system(builder.__name__).tiny, **options})


def images(count=6):
    return ops.array(RNG.uniform(-1, 1, (count, 8, 8, 1)).astype("float32"))


def softplus(x):
    return np.log1p(np.exp(x))


def test_the_players_of_bigan_swap_pairs():
    gan, real = tiny(bigan), images()
    latents = gan.latents(6)
    code = gan.encoder(real, training=False)
    fake = gan.generator(latents, training=False)
    on_real = np.asarray(gan.discriminator({"image": real, "latent": code}, training=False))
    on_fake = np.asarray(gan.discriminator({"image": fake, "latent": latents}, training=False))
    of_discriminator = gan.discriminator_loss(real, None, latents, training=False)
    of_generator = gan.generator_loss(real, None, latents, training=False)
    told_apart = (softplus(-on_real) + softplus(on_fake))[:, 0]
    swapped = (softplus(on_real) + softplus(-on_fake))[:, 0]
    np.testing.assert_allclose(of_discriminator, told_apart, rtol=1e-4)
    np.testing.assert_allclose(of_generator, swapped, rtol=1e-4)


def test_the_noise_of_bigan_is_uniform():
    drawn = np.asarray(tiny(bigan).latents(5000))
    assert -1 <= drawn.min() < -0.99
    assert 0.99 < drawn.max() < 1
    np.testing.assert_allclose(drawn.var(), 1 / 3, atol=0.01)


def test_bigan_deploys_the_averaged_generator_and_the_encoder():
    gan = tiny(bigan, ema_decay=0.5)
    assert gan.deployable == {"generator": gan.average, "encoder": gan.encoder}
    assert gan.deployable["encoder"](images()).shape == (6, 4)


def test_the_classifier_is_a_softmax_of_one_class_more():
    gan, real, labels = tiny(semi_supervised_gan, supervision=3.0), images(), [0, -1, 2, -1, 1, -1]
    latents = gan.latents(6)
    fake = gan.generate(latents, training=False)

    def log_shares(given):
        classes, generated = gan.discriminator(given, training=False)
        logits = np.concatenate([classes, generated], axis=1).astype("float64")
        return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))

    on_real, on_fake = log_shares(real), log_shares(fake)
    losses = gan.discriminator_loss(real, np.array(labels), latents, training=False)
    for index, label in enumerate(labels):
        is_real = np.log(-np.expm1(on_real[index, -1]))  # of whatever class
        expected = -is_real - on_fake[index, -1]
        if label >= 0:
            expected += 3.0 * (is_real - on_real[index, label])
        np.testing.assert_allclose(losses[index], expected, rtol=1e-4)
    of_generator = gan.generator_loss(real, None, latents, training=False)
    np.testing.assert_allclose(of_generator, -np.log(-np.expm1(on_fake[:, -1])), rtol=1e-4)


def test_the_deployed_classifier_shares_its_layers():
    gan, real = tiny(semi_supervised_gan), images()
    probabilities = np.asarray(gan.deployable["classifier"](real, training=False))
    classes = np.asarray(gan.discriminator(real, training=False)[0])
    shares = np.exp(classes) / np.exp(classes).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities, shares, rtol=1e-5)
    assert gan.classifier.get_layer("classes") is gan.discriminator.get_layer("classes")


@pytest.mark.parametrize("supervision", [0.0, -1.0])
def test_a_weight_that_is_not_positive_is_refused(supervision):
    with pytest.raises(ValueError, match="supervision"):
        tiny(semi_supervised_gan, supervision=supervision)
