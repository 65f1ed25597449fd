"""GANs that know how labels go wrong: rcGAN and rAC-GAN."""

import keras
import numpy as np
import pytest
from keras import ops

from kerascnn.models.generation.rac_gan import RACGAN, rac_gan
from kerascnn.models.generation.rcgan import RCGAN, rcgan
from kerascnn.models.label_noise import transitions
from kerascnn.registry import get_system

RNG = np.random.default_rng(0)


def tiny(builder, **options):
    keras.utils.set_random_seed(0)
    return builder(**{**get_system(builder.__name__).tiny, **options})


def images(count=6):
    return ops.array(RNG.uniform(-1, 1, (count, 8, 8, 1)).astype("float32"))


def test_rows_add_up_to_1_and_no_noise_is_the_identity():
    rows = np.array(transitions(5, 0.4, "any"))
    np.testing.assert_allclose(rows.sum(axis=1), 1)
    np.testing.assert_allclose(np.diag(rows), 0.6)
    np.testing.assert_allclose(rows[0, 1:], 0.1)
    np.testing.assert_array_equal(transitions(4, 0.0, "any"), np.eye(4))
    expected = [[0.25, 0.75, 0], [0, 0.25, 0.75], [0.75, 0, 0.25]]
    np.testing.assert_allclose(transitions(3, 0.75, "next"), expected)


def test_labels_go_wrong_as_the_matrix_says():
    transition = [[0.7, 0.3, 0.0], [0.0, 1.0, 0.0], [0.25, 0.25, 0.5]]
    gan = tiny(rcgan)
    gan = RCGAN(gan.generator, gan.discriminator, transition=transition, seed=1)
    clean = np.repeat(np.arange(3), 4000)
    noisy = np.asarray(gan.noisy_labels(ops.array(clean)))
    shares = [np.bincount(noisy[clean == label], minlength=3) / 4000 for label in range(3)]
    np.testing.assert_allclose(shares, transition, atol=0.03)
    drawn = np.bincount(np.asarray(gan.clean_labels(9000)), minlength=3) / 9000
    np.testing.assert_allclose(drawn, 1 / 3, atol=0.03)


def test_the_discriminator_of_rcgan_sees_noisy_labels_and_the_generator_clean_ones():
    gan = tiny(rcgan, label_noise=0.9)
    seen = {"generate": [], "criticise": []}
    for name, place in (("generate", 1), ("criticise", 1)):
        honest = getattr(gan, name)

        def watched(*arguments, name=name, place=place, honest=honest):
            seen[name].append(np.asarray(arguments[place]))
            return honest(*arguments)

        setattr(gan, name, watched)
    labels = np.arange(60) % 3
    gan.discriminator_loss(images(60), labels, gan.latents(60), False)
    gan.generator_loss(None, labels, gan.latents(60), False)
    real, fake, judged = seen["criticise"]
    np.testing.assert_array_equal(real, labels)
    for clean, noisy in zip(seen["generate"], (fake, judged), strict=True):
        assert 0.7 < np.mean(clean != noisy) <= 1


def test_rac_gan_is_trained_by_the_noisy_label_that_follows_from_the_clean_one():
    gan, real, labels = tiny(rac_gan, label_noise=0.3), images(), np.array([0, 1, 2, 0, 1, 2])
    gan.clean_labels = lambda count: ops.array([2, 1, 0, 2, 1, 0])
    latents = gan.latents(6)
    fake = gan.generate(latents, np.array([2, 1, 0, 2, 1, 0]), False)
    (on_real, told), (on_fake, asked) = (
        [np.asarray(one) for one in gan.discriminator(given, training=False)]
        for given in (real, fake)
    )
    shares = np.exp(told) / np.exp(told).sum(axis=1, keepdims=True)
    noisy = (shares @ np.array(gan.transition))[np.arange(6), labels]
    hinge = np.maximum(1 - on_real, 0) + np.maximum(1 + on_fake, 0)
    of_discriminator = gan.discriminator_loss(real, labels, latents, False)
    np.testing.assert_allclose(of_discriminator, hinge[:, 0] - np.log(noisy), rtol=1e-4)
    clean = asked[np.arange(6), [2, 1, 0, 2, 1, 0]] - np.log(np.exp(asked).sum(axis=1))
    of_generator = gan.generator_loss(real, labels, latents, False)
    np.testing.assert_allclose(of_generator, -on_fake[:, 0] - 0.1 * clean, rtol=1e-4)


@pytest.mark.parametrize("transition", [[[0.5, 0.4], [0.0, 1.0]], [[1.5, -0.5], [0, 1]], [1.0]])
@pytest.mark.parametrize(("scheme", "builder"), [(RCGAN, rcgan), (RACGAN, rac_gan)])
def test_rows_that_are_no_probabilities_are_refused(scheme, builder, transition):
    gan = tiny(builder)
    with pytest.raises(ValueError, match="add up to 1"):
        scheme(gan.generator, gan.discriminator, transition=transition)


@pytest.mark.parametrize("builder", [rcgan, rac_gan])
def test_more_noise_than_there_can_be_is_refused(builder):
    with pytest.raises(ValueError, match="label_noise=1"):
        tiny(builder, label_noise=1.0)
    with pytest.raises(ValueError, match="wrong_label='last'"):
        tiny(builder, wrong_label="last")


def test_a_negative_weight_is_refused():
    with pytest.raises(ValueError, match="class_weight"):
        tiny(rac_gan, class_weight=-1.0)
