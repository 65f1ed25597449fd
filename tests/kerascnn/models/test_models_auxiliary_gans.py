"""GANs whose discriminators have more to say: AC-GAN, InfoGAN and EBGAN."""

import keras
import numpy as np
import pytest
from keras import ops

from kerascnn.models.generation.ac_gan import ac_gan
from kerascnn.models.generation.ebgan import ebgan, likeness
from kerascnn.models.generation.info_gan import info_gan
from kerascnn.registry import get_system

RNG = np.random.default_rng(0)


def dense(given, made):
    return given * made + made


def convolution(kernel, given, made):
    return kernel**2 * given * made + made


def paper(builder):
    with keras.StatelessScope(initialize_variables=False):
        return builder()


def tiny(builder, **options):
    keras.utils.set_random_seed(0)
    return builder(**{**get_system(builder.__name__).tiny, **options})


def images(count=6):
    return ops.array(RNG.uniform(-1, 1, (count, 8, 8, 1)).astype("float32"))


def nats(logits, label):
    return np.log(np.exp(logits).sum()) - logits[label]


def softplus(x):
    return np.log1p(np.exp(x))


def test_the_parameters_of_ac_gan_follow_from_its_table():
    gan = paper(ac_gan)
    first = dense(110, 4 * 4 * 384) + 4 * 384
    maps = convolution(5, 384, 192) + 4 * 192 + convolution(5, 192, 96) + 4 * 96
    assert gan.generator.count_params() == first + maps + convolution(5, 96, 3) == 2_996_163
    sides = [one.output.shape[1] for one in gan.discriminator.layers if "conv" in one.name]
    assert sides == [16, 16, 8, 8, 4, 4]


def test_both_players_of_ac_gan_say_the_class():
    gan = tiny(ac_gan, num_classes=3, dropout=0.0)
    real, labels, latents = images(), np.array([0, 1, 2, 0, 1, 2]), gan.latents(6)
    fake = gan.generate(latents, labels, training=False)
    rows = [
        [np.asarray(one) for one in gan.discriminator(given, training=False)]
        for given in (real, fake)
    ]
    of_discriminator = gan.discriminator_loss(real, labels, latents, training=False)
    of_generator = gan.generator_loss(real, labels, latents, training=False)
    for index, label in enumerate(labels):
        on_real, on_fake = (row[0][index, 0] for row in rows)
        told = [nats(row[1][index], label) for row in rows]
        expected = softplus(-on_real) + softplus(on_fake) + sum(told)
        np.testing.assert_allclose(of_discriminator[index], expected, rtol=1e-4)
        np.testing.assert_allclose(of_generator[index], softplus(-on_fake) + told[1], rtol=1e-4)


def test_the_parameters_of_info_gan_are_those_of_its_code():
    gan = paper(info_gan)

    def learned(network):
        return sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)

    assert learned(gan.generator) == 6_652_481
    assert learned(gan.discriminator) == 6_692_431
    assert gan.generator.count_params() == 6_652_481 + 2 * (1024 + 7 * 7 * 128 + 64)


def test_info_gan_draws_categories_evenly_and_codes_in_their_range():
    gan = tiny(info_gan)
    drawn = {name: np.asarray(value) for name, value in gan.latents(3000).items()}
    assert drawn["category"].sum(axis=1).tolist() == [1.0] * 3000
    np.testing.assert_allclose(drawn["category"].mean(axis=0), 1 / 3, atol=0.04)
    for name in ("latent", "code"):
        assert -1 <= drawn[name].min() < -0.99
        assert 0.99 < drawn[name].max() < 1


def test_both_players_of_info_gan_guess_what_was_asked_for():
    gan = tiny(info_gan, category_weight=2.0, code_weight=0.5)
    real, latents = images(), gan.latents(6)
    fake = gan.generate(latents, training=False)
    logits, categories, codes = map(np.asarray, gan.discriminator(fake, training=False))
    on_real = np.asarray(gan.discriminator(real, training=False)[0])
    of_discriminator = gan.discriminator_loss(real, None, latents, training=False)
    of_generator = gan.generator_loss(real, None, latents, training=False)
    for index in range(6):
        asked = {name: np.asarray(value)[index] for name, value in latents.items()}
        mean, log_var = np.split(codes[index], 2)
        gaussian = np.sum((asked["code"] - mean) ** 2 / np.exp(log_var) + log_var) / 2
        unknown = 2 * nats(categories[index], asked["category"].argmax()) + 0.5 * gaussian
        score = logits[index, 0]
        np.testing.assert_allclose(of_generator[index], softplus(-score) + unknown, rtol=1e-4)
        both = softplus(-on_real[index, 0]) + softplus(score)
        np.testing.assert_allclose(of_discriminator[index], both + unknown, rtol=1e-4)


def test_the_guess_of_info_gan_shares_the_trunk():
    network = tiny(info_gan).discriminator
    trunk = network.get_layer("dense_activation").output
    assert network.get_layer("guess").input is trunk
    assert network.get_layer("logit").input is trunk


def test_the_parameters_of_ebgan_follow_from_its_maps():
    gan = paper(ebgan)
    widths = [1024, 512, 256, 128]
    maps = sum(convolution(4, a, b) for a, b in zip(widths, [*widths[1:], 3], strict=True))
    expected = dense(100, 4 * 4 * 1024) + maps + 4 * sum(widths)
    assert gan.generator.count_params() == expected == 12_679_555
    assert gan.discriminator.outputs[0].shape == (None, 64, 64, 3)


def test_the_energy_is_the_error_of_the_autoencoder():
    gan = tiny(ebgan, pulling_away=0.5)
    real, latents = images(), gan.latents(6)
    fake = gan.generate(latents, training=False)

    def energies(given):
        drawn = np.asarray(gan.discriminator(given, training=False)[0])
        return np.mean((drawn - np.asarray(given)) ** 2, axis=(1, 2, 3))

    expected = energies(real) + np.maximum(0, 0.15 - energies(fake))
    found = gan.discriminator_loss(real, None, latents, training=False)
    np.testing.assert_allclose(found, expected, rtol=1e-4)
    codes = np.asarray(gan.discriminator(fake, training=False)[1]).reshape(6, -1)
    unit = codes / np.linalg.norm(codes, axis=1, keepdims=True)
    others = [[(unit[i] @ unit[j]) ** 2 for j in range(6) if j != i] for i in range(6)]
    expected = energies(fake) + 0.5 * np.mean(others, axis=1)
    found = gan.generator_loss(real, None, latents, training=False)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_equal_codes_are_alike_and_those_at_right_angles_are_not():
    np.testing.assert_allclose(likeness(ops.ones((4, 3))), 1.0, rtol=1e-5)
    np.testing.assert_allclose(likeness(ops.eye(4)), 0.0, atol=1e-6)
    np.testing.assert_allclose(likeness(ops.ones((1, 3))), 0.0, atol=1e-6)


@pytest.mark.parametrize(
    ("builder", "wrong", "message"),
    [
        (ac_gan, {"widths": ()}, "needs convolutions"),
        (ac_gan, {"input_shape": (8, 16, 1)}, "Sides must be equal"),
        (info_gan, {"input_shape": (10, 8, 1)}, "divisible by 4"),
        (info_gan, {"code_weight": -1.0}, "code_weight=-1"),
        (ebgan, {"pulling_away": -0.1}, "pulling_away"),
        (ebgan, {"margin": 0.0}, "margin must be above 0"),
    ],
)
def test_wrong_arguments_are_refused(builder, wrong, message):
    with pytest.raises(ValueError, match=message):
        tiny(builder, **wrong)
