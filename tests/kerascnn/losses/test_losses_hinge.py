import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.losses import Hinge, MultiLabelHinge, hinge, multi_label_hinge

RNG = np.random.default_rng(0)
SCORES = np.array([[2.0, 0.5, -1.0]])


def slow_hinge(labels, scores, margin, power):
    return [
        sum(max(0, margin + row[k] - row[i]) ** power for k in range(len(row)) if k != i)
        for i, row in zip(labels, scores, strict=True)
    ]


def slow_multi_label(targets, scores, margin, power):
    return [
        sum(
            max(0, margin - (y if applies else -y)) ** power
            for applies, y in zip(*row, strict=True)
        )
        for row in zip(targets, scores, strict=True)
    ]


def slope(function, points):
    slopes = np.zeros_like(points)
    for index in np.ndindex(points.shape):
        step = np.zeros_like(points)
        step[index] = 1e-6
        slopes[index] = (np.sum(function(points + step)) - np.sum(function(points - step))) / 2e-6
    return slopes


@pytest.mark.parametrize(
    ("label", "power", "cost"), [(0, 1, 0), (0, 2, 0), (1, 1, 2.5), (1, 2, 6.25)]
)
def test_known_values_of_one_label(label, power, cost):
    np.testing.assert_allclose(hinge([label], SCORES, power=power), [cost], rtol=1e-6)


@pytest.mark.parametrize(
    ("labels", "power", "cost"),
    [((1, 1, 0), 1, 0.5), ((1, 1, 0), 2, 0.25), ((0, 1, 0), 1, 3.5), ((0, 1, 0), 2, 9.25)],
)
def test_known_values_of_many_labels(labels, power, cost):
    np.testing.assert_allclose(multi_label_hinge([labels], SCORES, power=power), [cost], rtol=1e-6)


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("margin", [0.5, 1.0])
def test_one_label_equals_the_definition_and_its_slope(margin, power):
    labels, scores = np.array([0, 3, 1, 1, 2]), RNG.normal(size=(5, 4))
    expected = slow_hinge(labels, scores, margin, power)
    variable = tf.constant(scores)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        costs = hinge(labels, variable, margin=margin, power=power)
    np.testing.assert_allclose(costs, expected, rtol=1e-9)
    slopes = slope(lambda x: slow_hinge(labels, x, margin, power), scores)
    np.testing.assert_allclose(tape.gradient(costs, variable), slopes, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("margin", [0.5, 1.0])
def test_many_labels_equal_the_definition_and_its_slope(margin, power):
    targets, scores = RNG.integers(0, 2, (5, 4)), RNG.normal(size=(5, 4))
    expected = slow_multi_label(targets, scores, margin, power)
    variable = tf.constant(scores)
    with tf.GradientTape() as tape:
        tape.watch(variable)
        costs = multi_label_hinge(targets, variable, margin=margin, power=power)
    np.testing.assert_allclose(costs, expected, rtol=1e-9)
    slopes = slope(lambda x: slow_multi_label(targets, x, margin, power), scores)
    np.testing.assert_allclose(tape.gradient(costs, variable), slopes, rtol=1e-5, atol=1e-6)


def test_labels_are_integers_or_one_hot():
    labels, scores = np.array([0, 3, 1]), RNG.normal(size=(3, 4))
    expected = np.array(hinge(labels, scores))
    for targets in (
        labels[:, None],
        labels.astype("float32"),
        np.eye(4)[labels],
        np.eye(4, dtype=bool)[labels],
    ):
        np.testing.assert_array_equal(hinge(targets, scores), expected)


def test_labels_that_do_not_apply_are_0_or_minus_1():
    targets, scores = RNG.integers(0, 2, (5, 4)), RNG.normal(size=(5, 4))
    expected = np.array(multi_label_hinge(targets, scores))
    for other in (2 * targets - 1, targets.astype(bool), targets.astype("float32")):
        np.testing.assert_array_equal(multi_label_hinge(other, scores), expected)


def test_all_wrong_classes_count_where_keras_asks_the_strongest():
    scores, target = np.zeros((1, 3)), np.array([[1.0, 0.0, 0.0]])
    np.testing.assert_allclose(hinge(target, scores), [2.0])
    np.testing.assert_allclose(keras.losses.categorical_hinge(target, scores), [1.0])


def test_two_classes_are_keras_categorical_hinge():
    # Keras takes wrong scores below 0 for 0.
    targets, scores = np.eye(2)[[0, 1, 1]], RNG.uniform(size=(3, 2))
    np.testing.assert_allclose(
        hinge(targets, scores), keras.losses.categorical_hinge(targets, scores), rtol=1e-9
    )


def test_many_labels_cost_the_sum_of_which_keras_takes_the_mean():
    targets, scores = RNG.integers(0, 2, (5, 4)), RNG.normal(size=(5, 4))
    signs = 2 * targets - 1
    for power, theirs in ((1, keras.losses.hinge), (2, keras.losses.squared_hinge)):
        np.testing.assert_allclose(
            multi_label_hinge(targets, scores, power=power), 4 * theirs(signs, scores), rtol=1e-9
        )


@pytest.mark.parametrize("shape", [(3, 5), (3, 4, 1), (3, 2)])
def test_targets_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"Received: y_true.shape=\(3, "):
        hinge(np.zeros(shape), np.zeros((3, 4)))


@pytest.mark.parametrize("power", [1, 2])
def test_a_linear_machine_learns_three_classes(power):
    keras.utils.set_random_seed(0)
    labels = np.arange(90) % 3
    points = RNG.normal(size=(90, 4)) + 4 * np.eye(4)[labels]
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile(keras.optimizers.Adam(0.05), loss=Hinge(power=power), metrics=["accuracy"])
    model.fit(points, labels, epochs=20, batch_size=16, verbose=0)
    assert model.evaluate(points, labels, verbose=0, return_dict=True)["accuracy"] > 0.95


def test_a_linear_machine_learns_two_labels():
    keras.utils.set_random_seed(0)
    points = RNG.normal(size=(90, 2))
    targets = (points > 0).astype("int32")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.compile(keras.optimizers.Adam(0.05), loss=MultiLabelHinge())
    model.fit(points, targets, epochs=20, batch_size=16, verbose=0)
    assert np.mean((model.predict(points, verbose=0) > 0) == targets) > 0.95
