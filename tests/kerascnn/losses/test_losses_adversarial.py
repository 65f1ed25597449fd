import numpy as np
import pytest
import tensorflow as tf

from kerascnn.losses import adversarial_losses, gan_value

RNG = np.random.default_rng(0)


def probability(logits):
    return 1.0 / (1.0 + np.exp(-logits.astype("float64")))


@pytest.mark.parametrize("name", ["minimax", "non_saturating"])
@pytest.mark.parametrize("shape", [(5, 1), (5,), (5, 2, 2, 1)])
def test_the_losses_equal_their_definitions(name, shape):
    real, fake = RNG.normal(size=(2, *shape)).astype("float32")
    pair = adversarial_losses(name)
    d_expected, g_expected = [], []
    for r, f in zip(real.reshape(5, -1), fake.reshape(5, -1), strict=True):
        d = [
            -np.log(probability(a)) - np.log(1 - probability(b)) for a, b in zip(r, f, strict=True)
        ]
        d_expected.append(np.mean(d))
        log = {"minimax": lambda p: np.log(1 - p), "non_saturating": lambda p: -np.log(p)}[name]
        g_expected.append(np.mean([log(probability(b)) for b in f]))
    np.testing.assert_allclose(pair.discriminator(real, fake), d_expected, rtol=1e-5)
    np.testing.assert_allclose(pair.generator(fake), g_expected, rtol=1e-5)


def test_the_value_is_minus_log_4_where_nothing_can_be_told_apart():
    np.testing.assert_allclose(gan_value(np.zeros((3, 1)), np.zeros((3, 1))), -1.3862944, rtol=1e-6)


def test_the_best_discriminator_of_two_gaussians_has_the_value_of_their_divergence():
    # D* = p / (p + q) has the logit log p - log q; -log 4 + 2 JSD = -1.1635.
    x, y = RNG.normal(0, 1, 200_000), RNG.normal(1, 1, 200_000)
    logits = [((z - 1) ** 2 - z**2)[:, None] / 2 for z in (x, y)]
    np.testing.assert_allclose(gan_value(*logits), -1.1635, atol=0.01)


def test_minimax_gives_both_players_the_same_value():
    real, fake = RNG.normal(size=(2, 5, 1)).astype("float32")
    pair = adversarial_losses("minimax")
    np.testing.assert_allclose(
        np.mean(pair.discriminator(real, fake)), -gan_value(real, fake), rtol=1e-6
    )


@pytest.mark.parametrize(("name", "slope"), [("minimax", 1e-4), ("non_saturating", 0.9999)])
def test_only_minimax_saturates_while_the_discriminator_wins(name, slope):
    logits = tf.constant([[np.log(1e-4 / (1 - 1e-4))]], "float32")
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = adversarial_losses(name).generator(logits)
    np.testing.assert_allclose(np.abs(tape.gradient(loss, logits)), [[slope]], rtol=1e-3)


@pytest.mark.parametrize("name", ["minimax", "non_saturating"])
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_extreme_logits_are_finite(name, dtype):
    logits = np.array([[-3e4], [3e4]], dtype)
    pair = adversarial_losses(name)
    for losses in (pair.discriminator(logits, logits), pair.generator(logits)):
        assert losses.dtype == "float32"
        assert np.isfinite(losses).all()


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="Received: loss='hinge_'"):
        adversarial_losses("hinge_")
