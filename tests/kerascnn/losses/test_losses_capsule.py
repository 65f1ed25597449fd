import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.losses import CapsuleMargin, Spread, capsule_margin, spread

RNG = np.random.default_rng(0)


def slow_margin(targets, lengths, present=0.9, absent=0.1, absent_weight=0.5):
    """The definition, one class at a time."""
    costs = []
    for row, sample in zip(targets, lengths, strict=True):
        cost = 0.0
        for target, length in zip(row, sample, strict=True):
            cost += target * max(0.0, present - length) ** 2
            cost += absent_weight * (1 - target) * max(0.0, length - absent) ** 2
        costs.append(cost)
    return np.array(costs)


def slow_spread(targets, activations, margin=0.9):
    costs = []
    for row, sample in zip(targets, activations, strict=True):
        true = int(np.argmax(row))
        others = [a for i, a in enumerate(sample) if i != true]
        costs.append(sum(max(0.0, margin - (sample[true] - a)) ** 2 for a in others))
    return np.array(costs)


LOSSES = pytest.mark.parametrize(
    ("loss", "slow", "options"),
    [
        (capsule_margin, slow_margin, {}),
        (capsule_margin, slow_margin, {"present": 0.8, "absent": 0.3, "absent_weight": 0.25}),
        (spread, slow_spread, {}),
        (spread, slow_spread, {"margin": 0.2}),
    ],
)


@LOSSES
def test_it_equals_the_definition_for_one_hot_and_integer_labels(loss, slow, options):
    classes, predictions = RNG.integers(0, 5, 20), RNG.uniform(size=(20, 5))
    expected = slow(np.eye(5)[classes], predictions, **options)
    assert expected.max() > 0
    for labels in (np.eye(5)[classes], classes, classes[:, None], np.eye(5, dtype=bool)[classes]):
        np.testing.assert_allclose(loss(labels, predictions, **options), expected, rtol=1e-6)


@LOSSES
def test_the_gradient_is_the_slope(loss, slow, options):
    targets, predictions = np.eye(5)[RNG.integers(0, 5, 4)], RNG.uniform(size=(4, 5))
    with tf.GradientTape() as tape:
        tape.watch(variable := tf.constant(predictions))
        total = tf.reduce_sum(loss(targets, variable, **options))
    expected = np.zeros_like(predictions)
    for index in np.ndindex(predictions.shape):
        step = np.zeros_like(predictions)
        step[index] = 1e-6
        above, below = (slow(targets, predictions + d, **options).sum() for d in (step, -step))
        expected[index] = (above - below) / 2e-6
    np.testing.assert_allclose(tape.gradient(total, variable), expected, rtol=1e-4, atol=1e-6)


def test_a_capsule_of_length_one_half_costs():
    np.testing.assert_allclose(capsule_margin([[1.0]], [[0.5]]), [0.16], rtol=1e-6)
    np.testing.assert_allclose(capsule_margin([[0.0]], [[0.5]]), [0.08], rtol=1e-6)


def test_several_classes_may_be_there():
    targets, lengths = np.array([[1, 1, 0]]), np.array([[0.95, 0.4, 0.1]])
    np.testing.assert_allclose(capsule_margin(targets, lengths), [0.25], rtol=1e-6)


def test_an_activation_above_the_true_one_costs():
    np.testing.assert_allclose(spread([0], [[0.5, 0.6]], margin=0.2), [0.09], rtol=1e-6)


def test_no_spread_is_missing_beyond_the_margin():
    np.testing.assert_array_equal(spread([1], [[0.1, 0.95, 0.6]], margin=0.3), [0.0])


@pytest.mark.parametrize("jit_compile", [False, True])
def test_the_margin_rises_in_a_compiled_model(jit_compile):
    loss = Spread(margin=0.25)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Identity()])
    model.compile("sgd", loss=loss, jit_compile=jit_compile)
    activations, labels = np.full((4, 2), 0.5, "float32"), np.zeros(4, "int32")
    assert model.evaluate(activations, labels, verbose=0) == pytest.approx(0.0625)
    loss.margin.assign(0.5)
    assert model.evaluate(activations, labels, verbose=0) == pytest.approx(0.25)
    assert loss.get_config()["margin"] == 0.5


@pytest.mark.parametrize("loss", [CapsuleMargin(), Spread()])
@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_a_model_learns_from_integer_labels(loss, shape):
    keras.utils.set_random_seed(0)
    labels = np.arange(48) % 3
    images = np.random.default_rng(0).normal(size=(48, 8)).astype("float32")
    images[np.arange(48), labels] += 3.0
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3, "sigmoid")])
    model.compile(keras.optimizers.Adam(0.05), loss=loss, metrics=["accuracy"])
    history = model.fit(images, labels.reshape(shape), epochs=30, verbose=0).history
    assert history["accuracy"][-1] > 0.9


@pytest.mark.parametrize(
    "wrong",
    [{"present": 1.1}, {"absent": -0.1}, {"absent": 0.9}, {"absent_weight": 0.0}],
    ids=str,
)
def test_wrong_lengths_are_refused_by_the_function(wrong):
    with pytest.raises(ValueError, match=rf"Received: .*{next(iter(wrong))}="):
        capsule_margin([0], [[0.5]], **wrong)


def test_a_wrong_margin_is_refused_by_the_function():
    with pytest.raises(ValueError, match=r"Received: margin=0"):
        spread([0], [[0.5]], margin=0)
