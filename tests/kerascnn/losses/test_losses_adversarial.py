import numpy as np
import pytest
import tensorflow as tf

from kerascnn.losses import adversarial_losses, gan_value
from kerascnn.losses.divergence_table import DIVERGENCES

RNG = np.random.default_rng(0)


def probability(logits):
    return 1.0 / (1.0 + np.exp(-logits.astype("float64")))


# name, options, and the three terms for one score: of real, of fake, of the generator
DEFINITIONS = [
    (
        "minimax",
        {},
        lambda r: -np.log(probability(r)),
        lambda f: -np.log(1 - probability(f)),
        lambda f: np.log(1 - probability(f)),
    ),
    (
        "non_saturating",
        {},
        lambda r: -np.log(probability(r)),
        lambda f: -np.log(1 - probability(f)),
        lambda f: -np.log(probability(f)),
    ),
    ("least_squares", {}, lambda r: (r - 1) ** 2, lambda f: f**2, lambda f: (f - 1) ** 2),
    ("hinge", {}, lambda r: max(0, 1 - r), lambda f: max(0, 1 + f), lambda f: -f),
    ("wasserstein", {}, lambda r: -r, lambda f: f, lambda f: -f),
    ("wasserstein", {"drift": 0.1}, lambda r: -r + 0.1 * r**2, lambda f: f, lambda f: -f),
    ("energy", {}, lambda r: r, lambda f: max(0, 10 - f), lambda f: f),
    ("energy", {"margin": 0.3}, lambda r: r, lambda f: max(0, 0.3 - f), lambda f: f),
    ("variational", {}, lambda r: -r, lambda f: np.exp(f - 1), lambda f: -f),
    (
        "variational",
        {"divergence": "reverse_kl"},
        lambda r: np.exp(-r),
        lambda f: -1 - np.log(np.exp(-f)),
        lambda f: np.exp(-f),
    ),
]
NAMES = sorted({definition[0] for definition in DEFINITIONS})


@pytest.mark.parametrize(
    ("name", "options", "on_real", "on_fake", "of_generator"),
    [pytest.param(*row, id=f"{row[0]}-{row[1]}") for row in DEFINITIONS],
)
@pytest.mark.parametrize("shape", [(5, 1), (5,), (5, 2, 2, 1)])
def test_the_losses_equal_their_definitions(name, options, on_real, on_fake, of_generator, shape):
    real, fake = RNG.normal(size=(2, *shape)).astype("float32")
    pair = adversarial_losses(name, **options)
    d_expected, g_expected = [], []
    for r, f in zip(real.reshape(5, -1), fake.reshape(5, -1), strict=True):
        d_expected.append(np.mean([on_real(a) for a in r]) + np.mean([on_fake(b) for b in f]))
        g_expected.append(np.mean([of_generator(b) for b in f]))
    np.testing.assert_allclose(pair.discriminator(real, fake), d_expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(pair.generator(fake), g_expected, rtol=1e-5, atol=1e-6)


def test_the_variational_pair_of_the_gan_divergence_is_that_of_minimax():
    real, fake = RNG.normal(size=(2, 5, 1)).astype("float32")
    bound = adversarial_losses("variational", divergence="gan").discriminator(real, fake)
    binary = adversarial_losses("minimax").discriminator(real, fake)
    np.testing.assert_allclose(bound, binary, rtol=1e-5)


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


@pytest.mark.parametrize(
    ("name", "options"),
    [(name, {}) for name in NAMES]
    + [("variational", {"divergence": divergence}) for divergence in sorted(DIVERGENCES)],
)
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_extreme_logits_are_finite_and_so_are_their_gradients(name, options, dtype):
    logits = tf.constant([[-3e4], [3e4]], dtype)
    pair = adversarial_losses(name, **options)
    for compute in (lambda scores: pair.discriminator(scores, scores), pair.generator):
        with tf.GradientTape() as tape:
            wide = tf.cast(logits, "float32")
            tape.watch(wide)
            losses = compute(tf.cast(wide, dtype))
        assert losses.dtype == "float32"
        assert np.isfinite(losses).all()
        if dtype == "float32":
            assert np.isfinite(tape.gradient(losses, wide)).all()


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="Received: loss='hinge_'"):
        adversarial_losses("hinge_")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("wasserstein", {"drift": -1.0}),
        ("energy", {"margin": 0.0}),
        ("variational", {"divergence": "none"}),
    ],
)
def test_an_option_out_of_its_range_is_refused(name, wrong):
    with pytest.raises(ValueError, match=f"Received: {next(iter(wrong))}="):
        adversarial_losses(name, **wrong)


def test_an_option_of_another_pair_is_refused():
    with pytest.raises(TypeError, match="drift"):
        adversarial_losses("hinge", drift=1.0)
