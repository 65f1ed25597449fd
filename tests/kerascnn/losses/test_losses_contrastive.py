import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.losses import Contrastive, contrastive

RNG = np.random.default_rng(0)
# What a matching pair costs at the distance d, and another pair with a margin.
DEFINITIONS = {
    "survey": (lambda d: d, lambda d, margin: max(0, margin - d)),
    "lecun": (lambda d: d**2 / 2, lambda d, margin: max(0, margin - d) ** 2 / 2),
    "squared": (lambda d: d**2, lambda d, margin: max(0, margin - d) ** 2),
    "legacy": (lambda d: d**2, lambda d, margin: max(0, margin - d**2)),
}
OPTIONS = list(itertools.product(DEFINITIONS, ("cosine", "euclidean", "squared")))


def apart(a, b, distance):
    if distance == "cosine":
        return 1 - np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    length = np.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))
    return length if distance == "euclidean" else length**2


def price(a, b, match, form, margin, distance):
    matched, unmatched = DEFINITIONS[form]
    d = apart(a, b, distance)
    return matched(d) if match else unmatched(d, margin)


def slow(labels, embeddings, form, margin, distance):
    """The mean over the pairs of each embedding with the others."""
    count = len(labels)
    return np.array(
        [
            np.mean(
                [
                    price(
                        embeddings[i], embeddings[j], labels[i] == labels[j], form, margin, distance
                    )
                    for j in range(count)
                    if j != i
                ]
            )
            for i in range(count)
        ]
    )


@pytest.mark.parametrize(
    ("form", "matched", "unmatched"),
    [("survey", 5.0, 1.0), ("lecun", 12.5, 0.5), ("squared", 25.0, 1.0), ("legacy", 25.0, 0.0)],
)
def test_pairs_at_the_distances_5_and_2_cost(form, matched, unmatched):
    pairs = np.array([[[0.0, 0.0], [3.0, 4.0]], [[0.0, 0.0], [2.0, 0.0]]])
    costs = contrastive([1, 0], pairs, form=form, margin=3.0, mining=None)
    np.testing.assert_allclose(costs, [matched, unmatched], rtol=1e-6)


@pytest.mark.parametrize("form", DEFINITIONS)
def test_an_unmatched_pair_beyond_the_margin_costs_nothing_and_moves_nothing(form):
    pairs = tf.constant([[[0.0, 0.0], [3.0, 4.0]]])
    with tf.GradientTape() as tape:
        tape.watch(pairs)
        costs = contrastive([0], pairs, form=form, mining=None)
    np.testing.assert_array_equal(costs, [0.0])
    np.testing.assert_array_equal(tape.gradient(costs, pairs), np.zeros((1, 2, 2)))


@pytest.mark.parametrize(("form", "distance"), OPTIONS)
def test_explicit_pairs_equal_the_definition(form, distance):
    pairs, match = RNG.normal(size=(8, 2, 3)).astype("float32"), np.arange(8) % 2
    options = {"form": form, "margin": 1.5, "distance": distance}
    expected = [price(*pair, y, **options) for pair, y in zip(pairs, match, strict=True)]
    for targets in (match, match[:, None], match.astype("bool")):
        costs = contrastive(targets, pairs, mining=None, **options)
        np.testing.assert_allclose(costs, expected, rtol=1e-4, atol=1e-5)
    other = contrastive(1 - match, pairs, mining=None, match_label=0, **options)
    np.testing.assert_array_equal(other, contrastive(match, pairs, mining=None, **options))


@pytest.mark.parametrize(("form", "distance"), OPTIONS)
def test_the_pairs_of_a_batch_equal_the_definition(form, distance):
    labels, embeddings = np.array([0, 1, 0, 2, 1, 0]), RNG.normal(size=(6, 3))
    options = {"form": form, "margin": 1.5, "distance": distance}
    costs = contrastive(labels, embeddings.astype("float32"), **options)
    np.testing.assert_allclose(costs, slow(labels, embeddings, **options), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("form", DEFINITIONS)
def test_a_batch_of_two_is_one_explicit_pair(form):
    embeddings = RNG.normal(size=(2, 3)).astype("float32")
    for labels, match in (([7, 7], [1]), ([7, 8], [0])):
        costs = contrastive(labels, embeddings, form=form, margin=3.0)
        pair = contrastive(match, embeddings[None], form=form, margin=3.0, mining=None)
        np.testing.assert_allclose(costs, [pair[0], pair[0]], rtol=1e-5)


@pytest.mark.parametrize(("form", "distance"), OPTIONS)
def test_the_gradient_is_the_slope(form, distance):
    labels, points = [0, 0, 1, 1, 2], RNG.normal(size=(5, 3))
    options = {"form": form, "margin": 1.5, "distance": distance}
    variable = tf.constant(points, "float64")
    with tf.GradientTape() as tape:
        tape.watch(variable)
        total = tf.reduce_sum(contrastive(labels, variable, **options))
    slope = np.zeros_like(points)
    for index in np.ndindex(points.shape):
        step = np.zeros_like(points)
        step[index] = 1e-6
        above, below = (slow(labels, points + d, **options).sum() for d in (step, -step))
        slope[index] = (above - below) / 2e-6
    np.testing.assert_allclose(tape.gradient(total, variable), slope, rtol=1e-4, atol=1e-6)


def test_unit_length_is_reached_first_where_it_is_wanted():
    labels, embeddings = [0, 0, 1, 1], 100 * RNG.normal(size=(4, 3))
    directions = embeddings / np.linalg.norm(embeddings, axis=-1, keepdims=True)
    np.testing.assert_allclose(
        contrastive(labels, embeddings, normalize=True), contrastive(labels, directions), rtol=1e-5
    )


@pytest.mark.parametrize(
    ("mining", "shape"), [("all", (4, 2, 3)), (None, (4, 3)), (None, (4, 3, 2))]
)
def test_embeddings_of_another_shape_are_refused(mining, shape):
    with pytest.raises(ValueError, match=r"Received: y_pred.shape=\(4,"):
        contrastive([0, 0, 1, 1], np.ones(shape), mining=mining)


def test_a_model_learns_from_integer_labels():
    keras.utils.set_random_seed(0)
    labels = np.arange(48) % 3
    images = np.random.default_rng(0).normal(size=(48, 8)).astype("float32")
    images[np.arange(48), labels] += 2.0
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    model.compile(keras.optimizers.Adam(0.02), loss=Contrastive())
    losses = model.fit(images, labels, epochs=30, batch_size=16, verbose=0)
    assert losses.history["loss"][-1] < 0.5 * losses.history["loss"][0]
