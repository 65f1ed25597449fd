import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from kerascnn import export
from kerascnn.layers import (
    ClassCapsule,
    ConvCapsule,
    PrimaryMatrixCapsules,
    em_routing,
)

RNG = np.random.default_rng(0)
SOFTMAX = functools.partial(ops.softmax, axis=1)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def slow_routing(votes, activations, beta_u, beta_a, iterations, temperature, epsilon):
    """The paper's procedure 1 for votes {(child, parent): vector}, one number at a time.

    A child shares itself among all the parents that it votes for.
    """
    children = sorted({child for child, _ in votes})
    parents = sorted({parent for _, parent in votes})
    of = {i: [j for j in parents if (i, j) in votes] for i in children}
    to = {j: [i for i in children if (i, j) in votes] for j in parents}
    share = {(i, j): 1 / len(of[i]) for i, j in votes}
    for t in range(1, iterations + 1):
        rate = temperature * (1 - 0.95**t)
        mean, variance, active = {}, {}, {}
        for j in parents:
            weight = {i: share[i, j] * max(activations[i], 0) for i in to[j]}
            mass = sum(weight.values())
            mean[j] = sum(weight[i] * votes[i, j] for i in to[j]) / mass
            spread = sum(weight[i] * (votes[i, j] - mean[j]) ** 2 for i in to[j]) / mass
            variance[j] = spread + epsilon
            cost = sum((beta_u[j[-1]] + np.log(np.sqrt(v))) * mass for v in variance[j])
            active[j] = sigmoid(rate * (beta_a[j[-1]] - cost))
        last = dict(share)
        for i in children:
            density = {}
            for j in of[i]:
                exponent = -sum((votes[i, j] - mean[j]) ** 2 / (2 * variance[j]))
                volume = np.sqrt(np.prod(2 * np.pi * variance[j]))
                density[j] = active[j] * np.exp(exponent) / volume
            for j in of[i]:
                share[i, j] = density[j] / sum(density.values())
    return mean, active, last


def slow_conv(poses, activations, weights, size, stride, *options):
    """One sample: children are (row, column, kind), parents (row, column, kind)."""
    kernel, beta_u, beta_a = weights
    height, width, kinds, _ = poses.shape
    matrices = kernel.reshape(size, size, kinds, 4, -1, 4)
    capsules = matrices.shape[4]
    rows, columns = (height - size) // stride + 1, (width - size) // stride + 1
    votes = {}
    for y, x, dy, dx in np.ndindex(rows, columns, size, size):
        for kind, parent in np.ndindex(kinds, capsules):
            child = (y * stride + dy, x * stride + dx, kind)
            vote = poses[child].reshape(4, 4) @ matrices[dy, dx, kind, :, parent]
            votes[child, (y, x, parent)] = vote.ravel()
    mean, active, _ = slow_routing(votes, activations, beta_u, beta_a, *options)
    shape = (rows, columns, capsules)
    return (
        np.array([mean[j] for j in np.ndindex(shape)]).reshape(*shape, 16),
        np.array([active[j] for j in np.ndindex(shape)]).reshape(shape),
    )


def slow_class(poses, activations, weights, *options):
    kernel, beta_u, beta_a = weights
    height, width, kinds, _ = poses.shape
    matrices = kernel.reshape(kinds, 4, -1, 4)
    capsules = matrices.shape[2]
    votes = {}
    for y, x, kind, parent in np.ndindex(height, width, kinds, capsules):
        vote = poses[y, x, kind].reshape(4, 4) @ matrices[kind, :, parent]
        vote[0, 3] += (y + 0.5) / height
        vote[1, 3] += (x + 0.5) / width
        votes[(y, x, kind), (parent,)] = vote.ravel()
    mean, active, _ = slow_routing(votes, activations, beta_u, beta_a, *options)
    return (
        np.array([mean[j,] for j in range(capsules)]),
        np.array([active[j,] for j in range(capsules)]),
    )


def inputs(shape, dtype="float64"):
    poses, activations = RNG.normal(size=(*shape, 16)), RNG.uniform(0.1, 1.0, shape)
    return poses.astype(dtype), activations.astype(dtype)


def trained(layer, data):
    layer.build([values.shape for values in data])
    layer.set_weights([RNG.normal(0.0, 0.5, weight.shape) for weight in layer.get_weights()])
    return layer


OPTIONS = {"inverse_temperature": 0.3, "epsilon": 1e-2, "dtype": "float64"}


@pytest.mark.parametrize("iterations", [1, 2, 3])
@pytest.mark.parametrize(("size", "stride"), [(3, 1), (3, 2), (2, 2), (2, 3), (5, 1)])
def test_the_convolutional_layer_equals_the_definition(size, stride, iterations):
    data = inputs((2, 5, 6, 2))
    layer = ConvCapsule(3, kernel_size=size, strides=stride, iterations=iterations, **OPTIONS)
    poses, activations = trained(layer, data)(data)
    for sample in range(2):
        chosen = (values[sample] for values in data)
        options = (size, stride, iterations, 0.3, 1e-2)
        expected = slow_conv(*chosen, layer.get_weights(), *options)
        np.testing.assert_allclose(poses[sample], expected[0], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(activations[sample], expected[1], rtol=1e-4)


@pytest.mark.parametrize("iterations", [1, 3])
def test_the_class_layer_equals_the_definition(iterations):
    data = inputs((2, 3, 2, 4))
    layer = trained(ClassCapsule(3, iterations=iterations, **OPTIONS), data)
    poses, activations = layer(data)
    for sample in range(2):
        chosen = (values[sample] for values in data)
        expected = slow_class(*chosen, layer.get_weights(), iterations, 0.3, 1e-2)
        np.testing.assert_allclose(poses[sample], expected[0], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(activations[sample], expected[1], rtol=1e-4)


@pytest.mark.parametrize(("layer", "slow"), [(ConvCapsule, slow_conv), (ClassCapsule, slow_class)])
def test_the_gradient_passes_through_all_iterations(layer, slow):
    data = inputs((1, 3, 4, 2))
    layer = trained(layer(2, **OPTIONS), data)
    options = (3, 1) if slow is slow_conv else ()

    def total(which, values):
        points = [array[0] for array in data]
        weights = layer.get_weights()
        (points if which < 2 else weights)[which % 2 if which < 2 else which - 2] = values
        poses, activations = slow(*points, weights, *options, 3, 0.3, 1e-2)
        return np.sum(poses**2) + np.sum(activations)

    with tf.GradientTape() as tape:
        tape.watch(tensors := [tf.constant(values) for values in data])
        poses, activations = layer(tensors)
        result = tf.reduce_sum(poses**2) + tf.reduce_sum(activations)
    gradients = tape.gradient(result, [*tensors, *(weight.value for weight in layer.weights)])
    points = [data[0][0], data[1][0], *layer.get_weights()]
    for which, (gradient, point) in enumerate(zip(gradients, points, strict=True)):
        gradient = np.array(gradient).reshape(point.shape)
        for flat in RNG.choice(point.size, min(point.size, 6), replace=False):
            step = np.zeros(point.size)
            step[flat] = 1e-5
            step = step.reshape(point.shape)
            slope = (total(which, point + step) - total(which, point - step)) / 2e-5
            np.testing.assert_allclose(gradient.ravel()[flat], slope, rtol=1e-3, atol=1e-5)


def test_the_layers_have_the_parameters_of_the_paper():
    image = keras.Input((32, 32, 1))
    x = keras.layers.Conv2D(32, 5, 2, padding="valid", activation="relu")(image)
    capsules = PrimaryMatrixCapsules(32)(x)
    layers = [ConvCapsule(32, strides=2), ConvCapsule(32), ClassCapsule(5)]
    for layer in layers:
        capsules = layer(capsules)
    assert layers[0].count_params() == layers[1].count_params() == 147_520
    assert [tuple(output.shape) for output in capsules] == [(None, 5, 16), (None, 5)]
    assert keras.Model(image, capsules).count_params() == 316_394


def route(votes, activations=None, iterations=3, epsilon=1e-4):
    rows, parents, children, _ = votes.shape
    if activations is None:
        activations = np.ones((rows, 1, children))
    zeros = ops.zeros(parents, votes.dtype)
    return em_routing(
        ops.convert_to_tensor(votes),
        ops.cast(activations, votes.dtype),
        zeros,
        zeros,
        SOFTMAX,
        iterations=iterations,
        epsilon=epsilon,
    )


def test_one_iteration_is_the_mean_weighted_by_the_activations():
    votes, activations = RNG.normal(size=(2, 3, 7, 16)), RNG.uniform(size=(2, 1, 7))
    mean, _, weights = route(votes, activations, iterations=1)
    expected = np.sum(votes * activations[..., None], 2) / np.sum(activations, 2)[..., None]
    np.testing.assert_allclose(mean, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(weights, activations / 3, rtol=1e-6)


def test_every_child_is_divided_among_its_parents():
    _, activations, shares = route(RNG.normal(size=(2, 3, 7, 16)))
    np.testing.assert_allclose(np.sum(shares, axis=1), 1.0, rtol=1e-6)
    assert np.all((np.array(activations) > 0) & (np.array(activations) < 1))


def test_a_child_is_divided_among_the_parents_of_all_windows_that_show_it():
    layer = ConvCapsule(3, strides=1)
    layer.build([(None, 4, 4, 2, 16), (None, 4, 4, 2)])
    shares = layer.patches.softmax(tf.constant(RNG.normal(size=(4, 3, 18)), "float32"))
    shares = np.array(shares).reshape(2, 2, 3, 3, 3, 2)  # (rows, columns, parents, dy, dx, kinds)
    totals = np.zeros((4, 4, 2))
    for y, x, dy, dx in np.ndindex(2, 2, 3, 3):
        totals[y + dy, x + dx] += shares[y, x, :, dy, dx].sum(0)
    np.testing.assert_allclose(totals, 1.0, rtol=1e-5)
    even = layer.patches.softmax(tf.zeros((4, 3, 18)))
    corner, centre = even[0, 0, 0], even[0, 0, 2 * 4]
    np.testing.assert_allclose([corner, centre], [1 / 3, 1 / 12], rtol=1e-5)


def test_two_clusters_are_found():
    means = RNG.normal(size=(2, 1, 16))
    votes = means + RNG.normal(0.0, 2.0, size=(2, 400, 16))
    # Each half of the children agrees on one parent.
    for parent, half in enumerate((slice(0, 200), slice(200, 400))):
        votes[parent, half] = means[parent] + RNG.normal(0.0, 0.1, size=(200, 16))
    mean, _, shares = route(votes[None])
    np.testing.assert_allclose(mean[0], means[:, 0], atol=0.05)
    assert np.array(shares)[0, 0, :200].mean() > 0.99
    assert np.array(shares)[0, 1, 200:].mean() > 0.99
    even = route(votes[None], iterations=1)[0]
    assert np.abs(even[0] - means[:, 0]).max() > 0.1


def test_left_multiplied_poses_give_left_multiplied_means_where_shares_are_even():
    data = inputs((1, 4, 4, 2), "float32")
    transform = RNG.normal(size=(4, 4)).astype("float32")
    layer = trained(ConvCapsule(3, iterations=1), data)
    moved = (transform @ data[0].reshape(-1, 4, 4)).reshape(data[0].shape)
    before, after = (np.array(layer([poses, data[1]])[0]) for poses in (data[0], moved))
    expected = (transform @ before.reshape(-1, 4, 4)).reshape(before.shape)
    np.testing.assert_allclose(after, expected, rtol=1e-3, atol=1e-4)


def test_swapped_rows_of_the_poses_swap_the_rows_of_the_means():
    data = inputs((1, 4, 4, 2), "float32")
    layer = trained(ConvCapsule(3), data)
    order = [2, 0, 3, 1]
    swapped = data[0].reshape(-1, 4, 4)[:, order].reshape(data[0].shape)
    poses, activations = layer(data)
    others = layer([swapped, data[1]])
    expected = np.array(poses).reshape(-1, 4, 4)[:, order].reshape(poses.shape)
    np.testing.assert_allclose(others[0], expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(others[1], activations, rtol=1e-4)


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("activation", [-1.0, 0.0, 1e-30, 1.0])
@pytest.mark.parametrize("kind", [ConvCapsule, ClassCapsule])
def test_identical_poses_and_any_activation_give_finite_values_and_gradients(
    kind, activation, jit_compile
):
    layer = kind(3)
    poses = tf.ones((2, 4, 4, 2, 16))
    activations = tf.fill((2, 4, 4, 2), activation)
    layer.build([tuple(poses.shape), tuple(activations.shape)])

    @tf.function(jit_compile=jit_compile)
    def step(*data):
        with tf.GradientTape() as tape:
            tape.watch(data)
            outputs = layer(data)
            result = sum(tf.reduce_sum(output**2) for output in outputs)
        return outputs, tape.gradient(result, [*data, layer.kernel.value])

    for values in keras.tree.flatten(step(poses, activations)):
        assert np.isfinite(values).all()


def test_far_votes_are_no_numbers_too_large():
    mean, activations, shares = route(1e4 * RNG.normal(size=(1, 2, 5, 16)).astype("float32"))
    for values in (mean, activations, shares):
        assert np.isfinite(values).all()


def test_three_rounds_are_all_integers_in_int8(tmp_path):
    keras.utils.set_random_seed(0)
    ends = [keras.Input((4, 4, 4, 16), name="poses"), keras.Input((4, 4, 4), name="active")]
    model = keras.Model(ends, ClassCapsule(3, epsilon=1e-2)(ends))
    poses, activations = inputs((32, 4, 4, 4), "float32")
    data = {"poses": poses, "active": activations}
    path = tmp_path / "model.tflite"
    report = export.to_tflite(model, path, quantize="int8", calibration=data, parity=data)
    assert not report.float_operators
    assert min(output.sqnr_db for output in report.parity.outputs) > 15


@pytest.mark.parametrize(
    "shapes",
    [
        [(None, 4, 4, 2, 15), (None, 4, 4, 2)],
        [(None, 4, 4, 2, 16), (None, 4, 4, 3)],
        [(None, 4, None, 2, 16), (None, 4, None, 2)],
        [(None, 4, 4, 32), (None, 4, 4, 2)],
        (None, 4, 4, 2, 16),
    ],
)
@pytest.mark.parametrize("kind", [ConvCapsule, ClassCapsule])
def test_other_inputs_are_refused(kind, shapes):
    with pytest.raises(ValueError, match=r"Received: shapes="):
        kind(3).build(shapes)


def test_a_window_larger_than_the_image_is_refused():
    with pytest.raises(ValueError, match=r"Received: kernel_size=5, height=4, width=6"):
        ConvCapsule(3, kernel_size=5).build([(None, 4, 6, 2, 16), (None, 4, 6, 2)])


def test_images_of_unknown_size_are_refused():
    with pytest.raises(ValueError, match=r"Received: input_shape=\(None, None, None, 3\)"):
        PrimaryMatrixCapsules(2).build((None, None, None, 3))


def test_primary_capsules_are_two_products_with_each_pixel():
    layer = PrimaryMatrixCapsules(3)
    image = RNG.normal(size=(2, 4, 5, 6)).astype("float32")
    layer.build(image.shape)
    kernel, bias, gate, offset = (RNG.normal(size=w.shape) for w in layer.get_weights())
    layer.set_weights([kernel, bias, gate, offset])
    poses, activations = layer(image)
    expected = (image @ kernel[0, 0] + bias).reshape(2, 4, 5, 3, 16)
    np.testing.assert_allclose(poses, expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(activations, sigmoid(image @ gate[0, 0] + offset), rtol=1e-4)
