import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.losses import Triplet, triplet

RNG = np.random.default_rng(0)
OPTIONS = list(itertools.product(("euclidean", "squared"), ("all", "hard", "semi_hard")))


def slow(labels, embeddings, margin, distance, mining, normalize):
    """The definition, one triplet at a time."""
    if normalize:
        embeddings = [e / max(np.linalg.norm(e), 1e-12) for e in embeddings]

    def apart(a, b):
        length = np.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))
        return length if distance == "euclidean" else length**2

    costs = []
    for a, anchor in enumerate(embeddings):
        positives = [
            apart(anchor, e) for i, e in enumerate(embeddings) if i != a and labels[i] == labels[a]
        ]
        negatives = [apart(anchor, e) for i, e in enumerate(embeddings) if labels[i] != labels[a]]
        if not positives or not negatives:
            costs.append(0.0)
            continue
        if mining == "all":
            pairs = list(itertools.product(positives, negatives))
        elif mining == "hard":
            pairs = [(max(positives), min(negatives))]
        else:
            pairs = [
                (p, min([n for n in negatives if n > p], default=max(negatives))) for p in positives
            ]
        costs.append(np.mean([max(0.0, margin + p - n) for p, n in pairs]))
    return np.array(costs)


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize(("distance", "mining"), OPTIONS)
def test_it_equals_the_definition(distance, mining, normalize):
    labels = np.array([0, 0, 1, 1, 1, 2, 3, 3, 0, 4])
    embeddings = RNG.normal(size=(10, 3)).astype("float32")
    options = {"margin": 0.7, "distance": distance, "mining": mining, "normalize": normalize}
    costs = np.array(triplet(labels, embeddings, **options))
    np.testing.assert_allclose(costs, slow(labels, embeddings, **options), rtol=1e-4, atol=1e-5)
    assert costs[5] == costs[9] == 0.0
    assert costs.max() > 0.1


@pytest.mark.parametrize(("distance", "cost"), [("euclidean", 4.0), ("squared", 22.0)])
@pytest.mark.parametrize("mining", ["all", "hard", "semi_hard"])
def test_a_triplet_of_sides_5_and_2_costs(distance, cost, mining):
    points = np.array([[0.0, 0.0], [3.0, 4.0], [-2.0, 0.0]])
    costs = triplet(
        [0, 0, 1], points, margin=1.0, distance=distance, mining=mining, normalize=False
    )
    np.testing.assert_allclose(costs[0], cost, rtol=1e-6)


@pytest.mark.parametrize(("distance", "mining"), OPTIONS)
@pytest.mark.parametrize(
    ("labels", "embeddings"),
    [
        ([0, 0, 1, 1], np.ones((4, 3))),
        ([0, 0, 1, 1], np.zeros((4, 3))),
        ([0, 0, 0, 0], np.eye(4)),
        ([0, 1, 2, 3], np.eye(4)),
        ([0], np.ones((1, 3))),
        ([0, 0, 1, 1], 1e3 * np.eye(4)),
    ],
    ids=["equal", "zero", "one class", "no pairs", "one sample", "large"],
)
def test_costs_and_gradients_are_finite(distance, mining, labels, embeddings):
    for normalize in (False, True):
        points = tf.constant(embeddings, "float32")
        with tf.GradientTape() as tape:
            tape.watch(points)
            costs = triplet(labels, points, distance=distance, mining=mining, normalize=normalize)
        assert np.isfinite(costs).all()
        assert np.isfinite(tape.gradient(costs, points)).all()


@pytest.mark.parametrize(("distance", "mining"), OPTIONS)
def test_the_gradient_is_the_slope(distance, mining):
    labels, points = [0, 0, 1, 1, 1], RNG.normal(size=(5, 3))
    options = {"margin": 0.7, "distance": distance, "mining": mining, "normalize": True}
    variable = tf.constant(points, "float64")
    with tf.GradientTape() as tape:
        tape.watch(variable)
        total = tf.reduce_sum(triplet(labels, variable, **options))
    gradient = np.array(tape.gradient(total, variable))
    slope = np.zeros_like(points)
    for index in np.ndindex(points.shape):
        step = np.zeros_like(points)
        step[index] = 1e-6
        above, below = (slow(labels, points + d, **options).sum() for d in (step, -step))
        slope[index] = (above - below) / 2e-6
    np.testing.assert_allclose(gradient, slope, rtol=1e-4, atol=1e-6)


def test_a_common_shift_loses_no_digits():
    labels, points = [0, 0, 1, 1], RNG.normal(size=(4, 3)).astype("float32")
    options = {"distance": "squared", "normalize": False, "mining": "all"}
    shifted = triplet(labels, points + np.float32(1000.0), **options)
    np.testing.assert_allclose(shifted, triplet(labels, points, **options), rtol=1e-3, atol=1e-3)


def test_half_precision_is_computed_in_single():
    points = RNG.normal(size=(6, 3)).astype("float16")
    costs = triplet([0, 0, 1, 1, 2, 2], points)
    assert costs.dtype == "float32"
    np.testing.assert_allclose(
        costs, triplet([0, 0, 1, 1, 2, 2], points.astype("float32")), rtol=1e-5
    )


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_a_model_learns_from_integer_labels(shape, jit_compile):
    keras.utils.set_random_seed(0)
    labels = np.arange(48) % 3
    images = np.random.default_rng(0).normal(size=(48, 8)).astype("float32")
    images[np.arange(48), labels] += 2.0
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    model.compile(keras.optimizers.Adam(0.02), loss=Triplet(mining="all"), jit_compile=jit_compile)
    losses = model.fit(images, labels.reshape(shape), epochs=40, batch_size=16, verbose=0)
    assert losses.history["loss"][-1] < 0.7 * losses.history["loss"][0]


def test_every_argument_survives_its_configuration():
    arguments = {
        "margin": 0.7,
        "distance": "euclidean",
        "mining": "hard",
        "normalize": False,
        "name": "mine",
        "reduction": "sum",
    }
    loss = keras.losses.deserialize(keras.losses.serialize(Triplet(**arguments)))
    assert isinstance(loss, Triplet)
    config = loss.get_config()
    assert {name: config[name] for name in arguments} == arguments


@pytest.mark.parametrize(
    "wrong", [{"margin": 0.0}, {"distance": "cosine_"}, {"mining": "easy"}], ids=str
)
@pytest.mark.parametrize("use", [Triplet, lambda **o: triplet([0], [[1.0]], **o)])
def test_wrong_arguments_are_refused(wrong, use):
    with pytest.raises(ValueError, match=rf"Received: {next(iter(wrong))}="):
        use(**wrong)
