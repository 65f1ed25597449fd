import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.losses import Triplet, triplet

RNG = np.random.default_rng(0)
MINING = ("all", "hard", "semi_hard")
OPTIONS = list(itertools.product(("cosine", "euclidean", "squared"), MINING))


def apart(a, b, distance):
    """The distance of two vectors."""
    if distance == "cosine":
        return 1 - np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    length = np.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))
    return length if distance == "euclidean" else length**2


def price(positive, negative, margin):
    """What a triplet of these two distances costs."""
    if margin == "soft":
        return np.log(1 + np.exp(positive - negative))
    return max(0.0, margin + positive - negative)


def slow(labels, embeddings, margin, distance, mining, normalize):
    """The definition, one triplet at a time."""
    if normalize:
        embeddings = [e / max(np.linalg.norm(e), 1e-12) for e in embeddings]
    costs = []
    for a, anchor in enumerate(embeddings):
        positives = [
            apart(anchor, e, distance)
            for i, e in enumerate(embeddings)
            if i != a and labels[i] == labels[a]
        ]
        negatives = [
            apart(anchor, e, distance) for i, e in enumerate(embeddings) if labels[i] != labels[a]
        ]
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
        costs.append(np.mean([price(p, n, margin) for p, n in pairs]))
    return np.array(costs)


def cubic(labels, embeddings, margin, mining):
    """The textbook form on squared distances, with every positive against every negative."""
    distances = tf.reduce_sum((embeddings[:, None] - embeddings[None]) ** 2, axis=-1)
    same = np.equal.outer(labels, labels)
    positive = tf.constant(same & ~np.eye(len(labels), dtype=bool))
    near, far, negative = distances[:, :, None], distances[:, None, :], ~same[:, None, :]
    if mining == "semi_hard":
        farther = negative & (far > near)
        nearest = tf.reduce_min(tf.where(farther, far, np.inf), axis=2, keepdims=True)
        farthest = tf.reduce_max(tf.where(negative, far, 0.0), axis=2, keepdims=True)
        far = tf.where(tf.reduce_any(farther, axis=2, keepdims=True), nearest, farthest)
        negative = np.ones((1, 1, 1), bool)
    costs = tf.nn.softplus(near - far) if margin == "soft" else tf.nn.relu(margin + near - far)
    chosen = tf.cast(positive[:, :, None] & negative, costs.dtype)
    return tf.reduce_sum(costs * chosen, axis=(1, 2)) / tf.reduce_sum(chosen, axis=(1, 2))


def value_and_gradient(function, points):
    with tf.GradientTape() as tape:
        tape.watch(points)
        costs = function(points)
    return np.array(costs), np.array(tf.convert_to_tensor(tape.gradient(costs, points)))


@pytest.mark.parametrize("margin", [0.7, "soft"])
@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize(("distance", "mining"), OPTIONS)
def test_it_equals_the_definition(distance, mining, normalize, margin):
    labels = np.array([0, 0, 1, 1, 1, 2, 3, 3, 0, 4])
    embeddings = RNG.normal(size=(10, 3)).astype("float32")
    options = {"margin": margin, "distance": distance, "mining": mining, "normalize": normalize}
    costs = np.array(triplet(labels, embeddings, **options))
    np.testing.assert_allclose(costs, slow(labels, embeddings, **options), rtol=1e-4, atol=1e-5)
    assert costs[5] == costs[9] == 0.0
    assert costs.max() > 0.1


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("margin", [0.5, "soft"])
@pytest.mark.parametrize("classes", [2, 12])
@pytest.mark.parametrize("mining", ["all", "semi_hard"])
def test_sorting_gives_the_values_and_gradients_of_the_cubic_form(
    mining, classes, margin, jit_compile
):
    labels = np.sort(np.arange(72) % classes)
    # In double precision, no rounding decides which triplets cost something.
    points = tf.constant(0.5 * RNG.normal(size=(72, 6)), "float64")
    options = {"margin": margin, "mining": mining, "normalize": False}
    ours = tf.function(lambda points: triplet(labels, points, **options), jit_compile=jit_compile)
    costs, gradient = value_and_gradient(ours, points)
    expected, slope = value_and_gradient(lambda x: cubic(labels, x, margin, mining), points)
    assert expected.max() > 0.1
    np.testing.assert_allclose(costs, expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(gradient, slope, rtol=1e-9, atol=1e-12)


def orders(labels, points, jit_compile, **options):
    """The cost of the first sample and its gradient, wherever each sample stands in the batch."""

    @tf.function(jit_compile=jit_compile)
    def first(labels, points, place):
        with tf.GradientTape() as tape:
            tape.watch(points)
            cost = triplet(labels, points, distance="squared", normalize=False, **options)[place]
        return cost, tape.gradient(cost, points)

    for order in map(list, itertools.permutations(range(len(labels)))):
        batch = np.array(labels)[order], np.array(points, "float32")[order, None]
        yield first(*batch, order.index(0))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_negative_exactly_at_the_margin_costs_nothing_and_moves_nothing(jit_compile):
    # The squared distances of the anchor at 0 are 1 and 4.
    for cost, gradient in orders([0, 0, 1], [0, 1, 2], jit_compile, mining="all", margin=3.0):
        assert cost == 0.0
        np.testing.assert_array_equal(gradient, np.zeros((3, 1)))


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize(
    ("points", "margin"),
    # The positive is at 4, and so is a negative; or both on the anchor. The one at 9 is farther.
    [([0, 2, -2, 3], 6.0), ([0, 0, 0, 3], 10.0)],
    ids=["apart", "on the anchor"],
)
def test_a_negative_as_far_as_the_positive_is_not_farther(points, margin, jit_compile):
    for cost, _ in orders([0, 0, 1, 1], points, jit_compile, mining="semi_hard", margin=margin):
        assert cost == 1.0


@pytest.mark.parametrize("margin", [0.2, "soft"])
@pytest.mark.parametrize("mining", MINING)
def test_no_tensor_is_larger_than_a_row_of_numbers_for_each_anchor(mining, margin):
    batch = 64

    @tf.function
    def step(labels, points):
        with tf.GradientTape() as tape:
            tape.watch(points)
            costs = triplet(labels, points, mining=mining, margin=margin)
        return tape.gradient(costs, points)

    concrete = step.get_concrete_function(
        tf.TensorSpec((batch,), "int32"), tf.TensorSpec((batch, 8), "float32")
    )
    definition = concrete.graph.as_graph_def(add_shapes=True)
    functions = [function.node_def for function in definition.library.function]
    sizes = [
        np.prod([side.size for side in shape.dim])
        for nodes in (definition.node, *functions)
        for node in nodes
        for shape in node.attr["_output_shapes"].list.shape
    ]
    assert batch**2 in sizes
    assert max(sizes) <= batch**2


@pytest.mark.parametrize("margin", [1.5, "soft"])
@pytest.mark.parametrize("distance", ["cosine", "euclidean", "squared"])
def test_explicit_triplets_cost_what_each_costs_alone(distance, margin):
    triplets = RNG.normal(size=(6, 3, 4)).astype("float32")
    expected = [price(apart(a, p, distance), apart(a, n, distance), margin) for a, p, n in triplets]
    options = {"distance": distance, "margin": margin, "mining": None, "normalize": False}
    for targets in (None, np.zeros(6), np.ones((6, 1))):
        costs = triplet(targets, triplets, **options)
        np.testing.assert_allclose(costs, expected, rtol=1e-5, atol=1e-6)


def test_a_batch_of_one_triplet_costs_the_same_explicitly():
    embeddings = RNG.normal(size=(3, 4)).astype("float32")
    mined = triplet([0, 0, 1], embeddings, margin=1.0, mining="hard")
    np.testing.assert_allclose(
        triplet(None, embeddings[None], margin=1.0, mining=None), mined[:1], rtol=1e-5
    )


def test_the_cosine_distance_is_half_the_squared_one_of_directions():
    labels, embeddings = [0, 0, 1, 1], 100 * RNG.normal(size=(4, 3)).astype("float32")
    cosine = triplet(labels, embeddings, distance="cosine", margin=0.5, normalize=False)
    np.testing.assert_allclose(cosine, 0.5 * triplet(labels, embeddings, margin=1.0), rtol=1e-5)


@pytest.mark.parametrize(
    ("mining", "shape"), [("all", (4, 3, 2)), (None, (4, 2)), (None, (4, 2, 3))]
)
def test_embeddings_of_another_shape_are_refused(mining, shape):
    with pytest.raises(ValueError, match=r"Received: y_pred.shape=\(4,"):
        triplet([0, 0, 1, 1], np.ones(shape), mining=mining)


@pytest.mark.parametrize(("distance", "cost"), [("euclidean", 4.0), ("squared", 22.0)])
@pytest.mark.parametrize("mining", MINING)
def test_a_triplet_of_sides_5_and_2_costs(distance, cost, mining):
    points = np.array([[0.0, 0.0], [3.0, 4.0], [-2.0, 0.0]])
    costs = triplet(
        [0, 0, 1], points, margin=1.0, distance=distance, mining=mining, normalize=False
    )
    np.testing.assert_allclose(costs[0], cost, rtol=1e-6)


@pytest.mark.parametrize("margin", [0.7, "soft"])
@pytest.mark.parametrize(("distance", "mining"), OPTIONS)
def test_the_gradient_is_the_slope(distance, mining, margin):
    labels, points = [0, 0, 1, 1, 1], RNG.normal(size=(5, 3))
    options = {"margin": margin, "distance": distance, "mining": mining, "normalize": True}
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


@pytest.mark.parametrize(("shape", "jit_compile"), [((-1,), False), ((-1, 1), True)])
def test_a_model_learns_from_integer_labels(shape, jit_compile):
    keras.utils.set_random_seed(0)
    labels = np.arange(48) % 3
    images = np.random.default_rng(0).normal(size=(48, 8)).astype("float32")
    images[np.arange(48), labels] += 2.0
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    model.compile(keras.optimizers.Adam(0.02), loss=Triplet(mining="all"), jit_compile=jit_compile)
    losses = model.fit(images, labels.reshape(shape), epochs=40, batch_size=16, verbose=0)
    assert losses.history["loss"][-1] < 0.7 * losses.history["loss"][0]


@pytest.mark.parametrize(
    "wrong", [{"margin": 0.0}, {"distance": "far"}, {"mining": "easy"}], ids=str
)
def test_the_function_refuses_wrong_arguments(wrong):
    with pytest.raises(ValueError, match=rf"Received: {next(iter(wrong))}="):
        triplet([0], [[1.0]], **wrong)
