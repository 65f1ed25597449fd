import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.losses import (
    FDivergence,
    JensenShannon,
    adversarial_losses,
    f_divergence,
    find_divergence,
    jensen_shannon,
)
from kerascnn.losses.divergence_table import DIVERGENCES

RNG = np.random.default_rng(0)
P, Q = 0.8 * RNG.dirichlet(np.ones(4), (2, 6)) + 0.05


def kl(p, q):
    return sum(a * np.log(a / b) for a, b in zip(p, q, strict=True) if a > 0)


def js(p, q):
    mean = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
    return kl(p, mean) / 2 + kl(q, mean) / 2


def pairwise(term):
    return lambda p, q: sum(term(a, b) for a, b in zip(p, q, strict=True))


# The divergences as they are known, not by the formula of the family.
DEFINITIONS = {
    "gan": lambda p, q: 2 * js(p, q) - np.log(2) * (np.sum(p) + np.sum(q)),
    "jensen_shannon": js,
    "kl": kl,
    "neyman": pairwise(lambda a, b: (a - b) ** 2 / a),
    "pearson": pairwise(lambda a, b: (a - b) ** 2 / b),
    "reverse_kl": lambda p, q: kl(q, p),
    "squared_hellinger": pairwise(lambda a, b: (np.sqrt(a) - np.sqrt(b)) ** 2),
    "total_variation": pairwise(lambda a, b: abs(a - b) / 2),
}
NAMES = sorted(DIVERGENCES)


def slopes(function, points):
    """The gradient of the sum of a function of rows, by differences."""
    slope = np.zeros_like(points)
    for index in np.ndindex(points.shape):
        step = np.zeros_like(points)
        step[index] = 1e-6
        slope[index] = (function(points + step) - function(points - step)).sum() / 2e-6
    return slope


@pytest.mark.parametrize("name", NAMES)
def test_the_formula_of_the_family_gives_the_known_divergence(name):
    expected = [DEFINITIONS[name](p, q) for p, q in zip(P, Q, strict=True)]
    values = f_divergence(P.astype("float32"), Q.astype("float32"), divergence=name)
    np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_its_gradient_is_the_slope(name):
    def rows(q):
        return np.array([DEFINITIONS[name](a, b) for a, b in zip(P, q, strict=True)])

    predictions = tf.constant(Q, "float64")
    with tf.GradientTape() as tape:
        tape.watch(predictions)
        values = f_divergence(P, predictions, divergence=name)
    np.testing.assert_allclose(
        tape.gradient(values, predictions), slopes(rows, Q), rtol=1e-3, atol=1e-4
    )


@pytest.mark.parametrize("name", [name for name in NAMES if name != "gan"])
def test_equal_distributions_have_no_divergence_and_others_a_positive_one(name):
    np.testing.assert_allclose(f_divergence(P, P, divergence=name), np.zeros(6), atol=1e-7)
    assert np.min(f_divergence(P, Q, divergence=name)) > 1e-4


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_certainty_is_finite_and_so_is_its_gradient(name, dtype):
    certain = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], dtype)
    predictions = tf.constant([[1.0, 0.0], [1.0, 0.0], [0.5, 0.5]], "float32")
    with tf.GradientTape() as tape:
        tape.watch(predictions)
        values = f_divergence(certain, tf.cast(predictions, dtype), divergence=name)
    assert values.dtype == "float32"
    assert np.isfinite(values).all()
    if dtype == "float32":
        assert np.isfinite(tape.gradient(values, predictions)).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_conjugate_is_the_most_of_a_line_less_the_function(name):
    row = find_divergence(name)
    ratios = np.exp(np.linspace(-12, 12, 200_001))
    values = np.array(row.function(ratios))
    for v in (-1.5, -0.3, 0.0, 0.4, 1.2):
        t = float(row.activation(np.float64(v)))
        most = np.max(ratios * t - values)
        np.testing.assert_allclose(row.conjugate(np.float64(t)), most, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_the_activated_conjugate_is_the_conjugate_of_the_activation(name):
    row, values = find_divergence(name), np.linspace(-3, 3, 13)
    np.testing.assert_allclose(
        row.activated(values), row.conjugate(row.activation(values)), rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize("name", [name for name in NAMES if name != "total_variation"])
def test_the_best_discriminator_reaches_the_divergence(name):
    # The bound is tight where g(v) = f'(p / q).
    row = find_divergence(name)
    p, q = P[0], Q[0]
    ratio = tf.constant(p / q)
    with tf.GradientTape() as tape:
        tape.watch(ratio)
        value = row.function(ratio)
    best = np.array(tape.gradient(value, ratio))
    grid = np.linspace(-8, 40, 800_001)
    activation = np.array(row.activation(grid))
    scores = np.array([grid[np.argmin(np.abs(activation - t))] for t in best])
    pair = adversarial_losses("variational", divergence=name)
    each = np.array(pair.discriminator(scores[:, None], np.zeros((4, 1))))
    nothing = np.array(pair.discriminator(np.zeros((1, 1)), np.zeros((1, 1))))
    on_fake = np.array(pair.discriminator(np.zeros((4, 1)), scores[:, None]))
    zero = -float(row.activation(0.0)), float(row.activated(0.0))
    np.testing.assert_allclose(nothing, [sum(zero)], rtol=1e-6, atol=1e-7)
    bound = -np.sum(p * (each - zero[1])) - np.sum(q * (on_fake - zero[0]))
    np.testing.assert_allclose(bound, DEFINITIONS[name](p, q), rtol=1e-3, atol=1e-4)


def test_an_unknown_name_is_refused():
    for use in (find_divergence, lambda name: FDivergence(divergence=name)):
        with pytest.raises(ValueError, match="Received: divergence='none'"):
            use("none")


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [
        ((0.5, 0.5), (0.9, 0.1), 0.1017492),
        ((1.0, 0.0), (0.0, 1.0), 0.6931472),
        ((0.3, 0.7), (0.3, 0.7), 0.0),
    ],
)
def test_known_values_of_jensen_shannon(p, q, expected):
    np.testing.assert_allclose(jensen_shannon([p], [q]), [expected], rtol=1e-6, atol=1e-7)


def test_jensen_shannon_equals_the_definition_and_its_row():
    expected = [js(p, q) for p, q in zip(P, Q, strict=True)]
    np.testing.assert_allclose(jensen_shannon(P, Q), expected, rtol=1e-9)
    row = f_divergence(P, Q, divergence="jensen_shannon")
    np.testing.assert_allclose(jensen_shannon(P, Q), row, rtol=1e-5)


def test_jensen_shannon_is_symmetric_and_at_most_log_2():
    p, q = RNG.dirichlet(np.full(5, 0.05), (2, 500))
    values = np.array(jensen_shannon(p, q))
    np.testing.assert_allclose(values, jensen_shannon(q, p), rtol=1e-9, atol=1e-12)
    assert values.min() >= 0
    assert 0.6 < values.max() <= np.log(2) + 1e-9


def test_the_root_of_jensen_shannon_is_a_metric():
    a, b, c = RNG.dirichlet(np.full(3, 0.3), (3, 500))
    ab, bc, ac = (np.sqrt(jensen_shannon(*pair)) for pair in ((a, b), (b, c), (a, c)))
    assert np.all(ac <= ab + bc + 1e-9)


@pytest.mark.parametrize("from_logits", [False, True])
def test_the_gradient_of_jensen_shannon_is_the_slope(from_logits):
    points = RNG.normal(size=(6, 4)) if from_logits else Q

    def rows(points):
        if from_logits:
            powers = np.exp(points)
            points = powers / powers.sum(-1, keepdims=True)
        return np.array([js(p, q) for p, q in zip(P, points, strict=True)])

    predictions = tf.constant(points, "float64")
    with tf.GradientTape() as tape:
        tape.watch(predictions)
        values = jensen_shannon(P, predictions, from_logits=from_logits)
    np.testing.assert_allclose(values, rows(points), rtol=1e-9)
    np.testing.assert_allclose(
        tape.gradient(values, predictions), slopes(rows, points), rtol=1e-5, atol=1e-8
    )


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("predictions", [[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
def test_jensen_shannon_of_certainty_is_finite_and_so_is_its_gradient(predictions, dtype):
    predictions = tf.constant([predictions], dtype)
    with tf.GradientTape() as tape:
        tape.watch(predictions)
        value = jensen_shannon(np.array([[0.0, 1.0]], dtype), predictions)
    assert np.isfinite(value).all()
    assert np.abs(tape.gradient(value, predictions)).max() < 20


@pytest.mark.parametrize("logit", [100.0, 6e4, 1e30])
def test_jensen_shannon_of_extreme_logits_is_finite(logit):
    logits = tf.constant([[logit, -logit], [-logit, logit]])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        values = jensen_shannon([[1.0, 0.0], [1.0, 0.0]], logits, from_logits=True)
    np.testing.assert_allclose(values, [0.0, np.log(2)], atol=1e-6)
    assert np.isfinite(tape.gradient(values, logits)).all()


def test_a_model_learns_a_distribution_by_jensen_shannon():
    keras.utils.set_random_seed(0)
    targets = np.tile(np.float32([0.6, 0.3, 0.1]), (32, 1))
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(3)])
    model.compile(keras.optimizers.Adam(0.05), loss=JensenShannon(from_logits=True))
    model.fit(np.ones((32, 1)), targets, batch_size=8, epochs=60, verbose=0)
    found = keras.ops.softmax(model.predict(np.ones((1, 1)), verbose=0))
    np.testing.assert_allclose(found, targets[:1], atol=0.02)
