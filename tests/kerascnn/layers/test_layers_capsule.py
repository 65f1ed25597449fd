import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.layers import Capsule, CapsuleLength, PrimaryCapsules, dynamic_routing, squash

RNG = np.random.default_rng(0)


def shrink(vector):
    """The definition, for one vector."""
    n = np.sqrt(sum(x * x for x in vector))
    return n**2 / (1 + n**2) * vector / n


def route(votes, iterations):
    """The paper's procedure 1, one sample: votes are (children, parents, dim)."""
    children, parents, dim = votes.shape
    b = np.zeros((children, parents))
    for _ in range(iterations):
        c = np.zeros_like(b)
        for i in range(children):
            c[i] = np.exp(b[i]) / np.exp(b[i]).sum()
        v = np.zeros((parents, dim))
        for j in range(parents):
            v[j] = shrink(sum(c[i, j] * votes[i, j] for i in range(children)))
        for i in range(children):
            for j in range(parents):
                b[i, j] += votes[i, j] @ v[j]
    return v, c


def slope(function, point):
    """The derivative of a number along every component of a point."""
    result = np.zeros_like(point)
    for index in np.ndindex(point.shape):
        step = np.zeros_like(point)
        step[index] = 1e-6
        result[index] = (function(point + step) - function(point - step)) / 2e-6
    return result


def gradient(function, *points):
    with tf.GradientTape() as tape:
        tape.watch(tensors := [tf.constant(point) for point in points])
        result = function(*tensors)
    return [np.array(g) for g in tape.gradient(result, tensors)]


def test_squash_equals_the_definition():
    x = RNG.normal(size=(4, 3, 5)) * np.array([1e-3, 0.1, 1.0, 30.0])[:, None, None]
    expected = np.apply_along_axis(shrink, -1, x)
    np.testing.assert_allclose(squash(tf.constant(x)), expected, rtol=1e-5)
    moved = squash(tf.constant(np.moveaxis(x, -1, 1)), axis=1)
    np.testing.assert_allclose(np.moveaxis(np.array(moved), 1, -1), expected, rtol=1e-5)


def test_squash_keeps_the_direction_and_a_length_below_one():
    x = RNG.normal(size=(100, 4)) * RNG.lognormal(0, 3, size=(100, 1))
    y = np.array(squash(tf.constant(x, "float32")))
    before, after = (np.linalg.norm(vectors, axis=-1) for vectors in (x, y))
    assert after.max() <= 1.0
    assert np.all(np.diff(after[np.argsort(before)]) >= -1e-6)
    np.testing.assert_allclose(np.sum(x * y, -1) / (before * after), 1.0, rtol=1e-4)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_squash_and_length_of_zeros_are_zero_with_gradient_zero(dtype):
    zeros = np.zeros((2, 3), dtype)
    assert not np.array(squash(tf.constant(zeros))).any()
    assert not np.array(CapsuleLength(dtype=dtype)(zeros)).any()
    for function in (squash, CapsuleLength(dtype=dtype)):
        assert not gradient(lambda x, f=function: tf.reduce_sum(f(x)), zeros)[0].any()


@pytest.mark.parametrize("size", [1e-30, 1e-6, 1e-3, 1.0, 1e3, 1e15])
def test_squash_has_a_finite_gradient_at_every_size(size):
    x = (size * RNG.normal(size=(5, 4))).astype("float32")
    assert np.isfinite(gradient(lambda x: tf.reduce_sum(squash(x)), x)[0]).all()


def test_squash_of_half_precision_is_computed_in_single():
    x = np.array([[300.0, -400.0], [3e-4, 4e-4]], "float16")
    y = squash(tf.constant(x))
    assert y.dtype == "float16"
    np.testing.assert_allclose(y, [[0.6, -0.8], [1.5e-7, 2e-7]], rtol=1e-3, atol=1e-7)


def test_the_gradient_of_squash_is_its_slope():
    x, weights = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4))
    actual = gradient(lambda x: tf.reduce_sum(weights * squash(x)), x)[0]
    expected = slope(lambda x: np.sum(weights * np.apply_along_axis(shrink, -1, x)), x)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-7)


def test_the_length_is_the_euclidean_norm():
    x = RNG.normal(size=(2, 5, 3, 4))
    norms = np.linalg.norm(x, axis=-1)
    np.testing.assert_allclose(CapsuleLength(dtype="float64")(x), norms, rtol=1e-6)
    actual = gradient(lambda x: tf.reduce_sum(CapsuleLength(dtype="float64")(x)), x)[0]
    np.testing.assert_allclose(actual, x / norms[..., None], rtol=1e-5)


def test_primary_capsules_are_squashed_groups_of_channels():
    layer = PrimaryCapsules(3, 4, kernel_size=2, strides=2)
    image = RNG.normal(size=(2, 5, 7, 3)).astype("float32")
    layer.build(image.shape)
    kernel, bias = (RNG.normal(size=weight.shape) for weight in layer.get_weights())
    layer.set_weights([kernel, bias])
    output = np.array(layer(image))
    assert output.shape == (2, 2 * 3 * 3, 4)
    row = 0
    for y in range(2):
        for x in range(3):
            patch = image[:, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2]
            for capsule in range(3):
                for sample in range(2):
                    channels = slice(4 * capsule, 4 * capsule + 4)
                    vector = np.tensordot(patch[sample], kernel[..., channels], 3) + bias[channels]
                    np.testing.assert_allclose(output[sample, row], shrink(vector), atol=1e-6)
                row += 1


def test_the_encoder_has_the_parameters_of_the_paper():
    image = keras.Input((28, 28, 1))
    primary = PrimaryCapsules(32, 8)
    classes = Capsule(10, 16)
    features = keras.layers.Conv2D(256, 9, activation="relu")(image)
    model = keras.Model(image, CapsuleLength()(classes(primary(features))))
    assert primary.output.shape == (None, 1152, 8)
    assert classes.count_params() == 1_474_560
    assert model.count_params() == 6_804_224


@pytest.mark.parametrize("iterations", [1, 2, 3, 5])
def test_routing_equals_the_definition(iterations):
    votes = RNG.normal(size=(2, 7, 3, 4))  # (batch, children, parents, dim)
    outputs, couplings = dynamic_routing(tf.constant(votes.transpose(0, 2, 1, 3)), iterations)
    for sample in range(2):
        expected, weights = route(votes[sample], iterations)
        np.testing.assert_allclose(outputs[sample], expected, rtol=1e-6)
        np.testing.assert_allclose(couplings[sample], weights.T, rtol=1e-6)
    np.testing.assert_allclose(np.sum(couplings, axis=1), 1.0, rtol=1e-6)


def trained(iterations, dtype="float64"):
    layer = Capsule(3, 4, iterations=iterations, dtype=dtype)
    layer.build((None, 5, 2))
    return layer


def slow_layer(children, kernel, iterations):
    """The votes are `W_ij u_i`, one child and one parent at a time."""
    votes = np.zeros((5, 3, 4))
    matrices = kernel.reshape(5, 2, 3, 4)
    for i in range(5):
        for j in range(3):
            votes[i, j] = children[i] @ matrices[i, :, j]
    return route(votes, iterations)[0]


@pytest.mark.parametrize("iterations", [1, 3])
def test_the_layer_equals_the_definition(iterations):
    layer, children = trained(iterations), RNG.normal(size=(2, 5, 2))
    kernel = layer.get_weights()[0]
    expected = [slow_layer(sample, kernel, iterations) for sample in children]
    np.testing.assert_allclose(layer(children), expected, rtol=1e-6)


@pytest.mark.parametrize("iterations", [1, 3])
def test_the_gradient_passes_through_all_iterations(iterations):
    layer, children = trained(iterations), RNG.normal(size=(1, 5, 2))
    weights, kernel = RNG.normal(size=(3, 4)), layer.get_weights()[0]
    with tf.GradientTape() as tape:
        tape.watch(x := tf.constant(children))
        result = tf.reduce_sum(weights * layer(x))
    actual = tape.gradient(result, [x, layer.kernel.value])
    for value, expected in zip(
        actual,
        [
            slope(lambda x: np.sum(weights * slow_layer(x[0], kernel, iterations)), children),
            slope(lambda k: np.sum(weights * slow_layer(children[0], k, iterations)), kernel),
        ],
        strict=True,
    ):
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-7)


def test_one_iteration_is_the_squashed_mean_over_the_parents():
    votes = RNG.normal(size=(2, 3, 7, 4))
    outputs, couplings = dynamic_routing(tf.constant(votes), 1)
    np.testing.assert_allclose(outputs, squash(tf.constant(votes.sum(2) / 3)), rtol=1e-6)
    np.testing.assert_allclose(couplings, np.full((2, 3, 7), 1 / 3), rtol=1e-6)


def test_votes_that_agree_are_believed():
    children, parents, dim = 32, 10, 16
    shares = {1: [], 3: []}
    for _ in range(20):
        votes = RNG.normal(size=(1, parents, children, dim)) / np.sqrt(dim)
        votes[0, 4, :30] = 3.0 * votes[0, 4, 0] / np.linalg.norm(votes[0, 4, 0])
        for iterations, found in shares.items():
            couplings = dynamic_routing(tf.constant(votes, "float32"), iterations)[1]
            found.append(np.mean(couplings[0, 4, :30]))
    assert np.mean(shares[1]) == pytest.approx(0.1)
    assert np.mean(shares[3]) >= 0.8


def test_children_of_length_one_give_sums_of_about_length_one():
    layer = Capsule(10, 16, iterations=1)
    children = RNG.normal(size=(8, 1152, 8)).astype("float32")
    children /= np.linalg.norm(children, axis=-1, keepdims=True)
    lengths = np.linalg.norm(layer(children), axis=-1)
    assert 0.3 < lengths.mean() < 0.7


@pytest.mark.parametrize("shape", [(None, 5), (None, None, 4), (None, 5, None), (None, 2, 2, 4)])
def test_children_of_unknown_size_are_refused(shape):
    with pytest.raises(ValueError, match=r"Received: input_shape="):
        Capsule(3, 4).build(shape)
