import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.layers import (
    PartCapsules,
    PartVotes,
    SetAttentionBlock,
    SetTransformer,
    TemplateDecoder,
    Tint,
    UniformNoise,
    canvas_mean,
    canvas_nats,
    geometric_pose,
)

RNG = np.random.default_rng(0)
IDENTITY = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def normalize(x):
    return (x - x.mean()) / np.sqrt(x.var() + 1e-3)


def attend(queries, members, weights):
    """One head: Keras's order is query, key, value and output, each kernel and bias."""
    (wq, bq, wk, bk, wv, bv, wo, bo) = weights
    result = []
    for query in queries:
        q = query @ wq[:, 0] + bq[0]
        keys = [member @ wk[:, 0] + bk[0] for member in members]
        shares = softmax(np.array([q @ key for key in keys]) / np.sqrt(len(q)))
        seen = sum(
            s * (member @ wv[:, 0] + bv[0]) for s, member in zip(shares, members, strict=True)
        )
        result.append(seen @ wo[0] + bo)
    return np.array(result)


def trained(layer, shape):
    layer.build(shape)
    layer.set_weights([RNG.normal(0.0, 0.5, w.shape) for w in layer.get_weights()])
    return layer


def slow_block(members, block):
    looked = attend(members, members, block.attention.get_weights())
    (w1, b1), (w2, b2) = block.first.get_weights(), block.second.get_weights()
    (g1, o1), (g2, o2) = (norm.get_weights() for norm in block.normalizations)
    result = []
    for member, seen in zip(members, looked, strict=True):
        h = normalize(member + seen) * g1 + o1
        result.append(normalize(h + np.maximum(h @ w1 + b1, 0) @ w2 + b2) * g2 + o2)
    return np.array(result)


def test_the_block_equals_the_definition():
    block, members = trained(SetAttentionBlock(), (None, 5, 4)), RNG.normal(size=(2, 5, 4))
    expected = [slow_block(sample, block) for sample in members]
    np.testing.assert_allclose(block(members), expected, rtol=1e-3, atol=1e-4)


def test_the_transformer_equals_the_definition():
    layer = trained(SetTransformer(3, output_dim=6, depth=2, dim=4), (None, 5, 7))
    members = RNG.normal(size=(2, 5, 7))
    output = layer(members)
    (w, b), (v, c) = layer.first.get_weights(), layer.last.get_weights()
    for sample in range(2):
        x = members[sample] @ w + b
        for block in layer.blocks:
            x = slow_block(x, block)
        queries = np.array(layer.queries)
        expected = attend(queries, x @ v + c, layer.pooling.get_weights())
        np.testing.assert_allclose(output[sample], expected, rtol=1e-3, atol=1e-4)


def test_reordered_members_give_reordered_members_and_the_same_summary():
    members, order = RNG.normal(size=(2, 6, 4)).astype("float32"), [3, 0, 5, 1, 4, 2]
    block = trained(SetAttentionBlock(heads=2), (None, 6, 4))
    np.testing.assert_allclose(
        block(members[:, order]), np.array(block(members))[:, order], rtol=1e-4, atol=1e-5
    )
    layer = SetTransformer(3, output_dim=8, heads=2, dim=4)
    summary = layer(members)
    np.testing.assert_allclose(layer(members[:, order]), summary, rtol=1e-4, atol=1e-5)
    assert np.std(summary, axis=1).min() > 1e-4
    assert np.std(layer(members + 1.0) - summary) > 1e-4


def test_a_width_that_the_heads_cannot_share_is_refused():
    with pytest.raises(ValueError, match=r"Received: heads=3, dim=4"):
        SetAttentionBlock(heads=3).build((None, 6, 4))


def slow_pose(x, similarity):
    wide, tall = sigmoid(x[0]) + 0.01, sigmoid(x[1]) + 0.01
    turn, shear = 2 * np.pi * x[2], np.tanh(5 * x[3])
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = wide * rotation
    if not similarity:
        matrix = np.array([[1, shear], [0, 1]]) @ np.diag([wide, tall]) @ rotation
    moved = np.concatenate([matrix, np.tanh(5 * x[4:, None])], axis=1)
    return moved.ravel(), wide * tall


@pytest.mark.parametrize("similarity", [False, True])
def test_six_numbers_scale_shear_turn_and_move(similarity):
    x = RNG.normal(size=(20, 6))
    expected, areas = zip(*(slow_pose(row, similarity) for row in x), strict=True)
    poses = np.array(geometric_pose(tf.constant(x), similarity=similarity))
    np.testing.assert_allclose(poses, np.array(expected), rtol=1e-6, atol=1e-8)
    if not similarity:
        determinants = poses[:, 0] * poses[:, 4] - poses[:, 1] * poses[:, 3]
        np.testing.assert_allclose(determinants, areas, rtol=1e-6)


def slow_draw(template, pose, height, width):
    """One template, (side, side, numbers), sampled pixel by pixel."""
    side, matrix = len(template), np.array(pose).reshape(2, 3)
    picture = np.zeros((height, width, template.shape[-1]))
    for row, column in np.ndindex(height, width):
        point = np.array([2 * column / (width - 1) - 1, 2 * row / (height - 1) - 1])
        x, y = np.linalg.solve(matrix[:, :2], point - matrix[:, 2])
        x, y = (x + 1) * (side - 1) / 2, (y + 1) * (side - 1) / 2
        for i in (int(np.floor(y)), int(np.floor(y)) + 1):
            for j in (int(np.floor(x)), int(np.floor(x)) + 1):
                if 0 <= i < side and 0 <= j < side:
                    picture[row, column] += (1 - abs(y - i)) * (1 - abs(x - j)) * template[i, j]
    return picture


def slow_decoder(poses, presences, weights, side, height, width):
    colors, opacities, paint, cover = weights
    parts = len(poses)
    colors = sigmoid(colors).reshape(parts, side, side, -1)
    opacities = opacities.reshape(parts, side, side, 1)
    layers = [slow_draw(colors[part], poses[part], height, width) for part in range(parts)] + [
        np.full((height, width, colors.shape[-1]), sigmoid(paint))
    ]
    logits = [
        slow_draw(opacities[part], poses[part], height, width)[..., 0] + np.log(presences[part])
        for part in range(parts)
    ] + [np.full((height, width), np.log(1 + np.exp(cover)))]
    shares = np.exp(logits)
    return np.array(layers), np.log(shares / shares.sum(0))


def test_part_capsules_equal_the_definition():
    layer, maps = (
        trained(PartCapsules(3, features=2), (None, 2, 4, 5)),
        RNG.normal(size=(2, 2, 4, 5)),
    )
    outputs = layer(maps)
    (kernel, bias), (query, offset) = layer.capsules.get_weights(), layer.attention.get_weights()
    for sample in range(2):
        places = (maps[sample] + np.array(layer.places)).reshape(8, 5)
        capsules = (places @ kernel[0, 0] + bias).reshape(8, 3, 9)
        logits = places @ query[0, 0] + offset
        for part in range(3):
            shares = softmax(logits[:, part])
            pooled = sum(shares[i] * capsules[i, part] for i in range(8))
            given = np.concatenate([output[sample, part] for output in outputs])
            np.testing.assert_allclose(given, pooled, rtol=1e-4, atol=1e-5)


def test_a_part_knows_where_it_is():
    layer, maps = trained(PartCapsules(2), (None, 3, 3, 4)), np.zeros((2, 3, 3, 4), "float32")
    maps[0, 0, 0] = maps[1, 2, 2] = 5.0  # the same at another place
    poses, *_ = layer(maps)
    assert np.abs(np.array(poses[0] - poses[1])).max() > 0.01


def test_votes_move_the_parts_as_the_objects_are_moved():
    layer = trained(PartVotes(4, dtype="float64"), (None, 3, 5))
    inputs = RNG.normal(size=(2, 3, 5))
    votes, deviations, deformations = (np.array(output) for output in layer(inputs))
    (pose, bias), (spread, start) = layer.poses.get_weights(), layer.deviations.get_weights()
    (bend,) = layer.deformations.get_weights()

    def matrix(numbers):
        return np.vstack([slow_pose(numbers, False)[0].reshape(2, 3), [0, 0, 1]])

    for sample, thing in np.ndindex(2, 3):
        x = inputs[sample, thing]
        bent = (x @ bend[thing]).reshape(4, 6)
        np.testing.assert_allclose(deformations[sample, thing], bent, rtol=1e-5)
        expected = np.log1p(np.exp(x @ spread[thing] + start[thing] + 0.5)) + 0.01
        np.testing.assert_allclose(deviations[sample, thing], expected, rtol=1e-5)
        for part in range(4):
            relation = np.array(layer.relations)[thing, part] + bent[part]
            moved = matrix(x @ pose[thing] + bias[thing]) @ matrix(relation)
            np.testing.assert_allclose(votes[sample, thing, part], moved[:2].ravel(), rtol=1e-5)


def test_a_tint_colours_a_template_and_not_the_background():
    layer, colors = (
        trained(Tint(units=4), [(None, 3, 5, 6, 2), (None, 2, 3)]),
        RNG.uniform(size=(2, 3, 5, 6, 2)),
    )
    features = RNG.normal(size=(2, 2, 3))
    tinted = np.array(layer([colors, features]))
    (w, b), (v, c) = layer.hidden.get_weights(), layer.tints.get_weights()
    tints = sigmoid(np.maximum(features @ w + b, 0) @ v + c)
    for sample, part in np.ndindex(2, 2):
        expected = colors[sample, part] * tints[sample, part]
        np.testing.assert_allclose(tinted[sample, part], expected, rtol=1e-4)
    np.testing.assert_allclose(tinted[:, 2], colors[:, 2], rtol=1e-6)


def test_noise_is_even_and_only_in_training():
    layer, zeros = UniformNoise(3.0, seed=1), np.zeros((100, 100), "float32")
    noise = np.array(layer(zeros, training=True))
    np.testing.assert_array_equal(layer(zeros), zeros)
    assert np.abs(noise).max() <= 1.5
    counts, _ = np.histogram(noise, bins=6, range=(-1.5, 1.5))
    np.testing.assert_allclose(counts / noise.size, 1 / 6, atol=0.02)
    assert np.abs(noise - np.array(layer(zeros, training=True))).max() > 1.0


def some_poses(*shape):
    return np.array(geometric_pose(tf.constant(RNG.normal(size=(*shape, 6)) / 2)))


def decoder(parts=3, side=4, height=5, width=6, channels=2):
    layer = TemplateDecoder(
        parts,
        image_size=(height, width),
        template_size=side,
        channels=channels,
        dtype="float64",
    )
    return trained(layer, [(None, parts, 6), (None, parts)])


def test_the_template_decoder_equals_the_definition():
    layer, poses, presences = decoder(), some_poses(2, 3), RNG.uniform(0.1, 1, size=(2, 3))
    colors, log_weights = layer([poses, presences])
    for sample in range(2):
        expected = slow_decoder(poses[sample], presences[sample], layer.get_weights(), 4, 5, 6)
        np.testing.assert_allclose(colors[sample], expected[0], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(log_weights[sample], expected[1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(np.exp(log_weights).sum(1), 1.0, rtol=1e-6)


def test_the_gradient_of_the_poses_is_the_slope():
    layer, poses, presences = decoder(), some_poses(1, 3), RNG.uniform(0.1, 1, size=(1, 3))
    image = RNG.uniform(size=(1, 5, 6, 2))
    with tf.GradientTape() as tape:
        tape.watch(x := tf.constant(poses))
        nats = canvas_nats(image, *layer([x, presences]))
    gradient = np.array(tape.gradient(nats, x))
    for index in np.ndindex(poses.shape):
        step = np.zeros_like(poses)
        step[index] = 1e-6
        above, below = (
            canvas_nats(image, *layer([poses + d, presences]))[0] for d in (step, -step)
        )
        np.testing.assert_allclose(gradient[index], (above - below) / 2e-6, rtol=1e-3, atol=1e-5)


def test_the_identity_draws_the_template_itself():
    layer = decoder(parts=1, side=5, height=5, width=5, channels=1)
    colors, _ = layer([np.array([[IDENTITY]]), np.ones((1, 1))])
    template = sigmoid(layer.get_weights()[0]).reshape(5, 5, 1)
    np.testing.assert_allclose(colors[0, 0], template, atol=1e-5)


def test_a_translation_moves_the_template_by_pixels():
    layer = decoder(parts=1, side=5, height=5, width=5, channels=1)
    right, down = 2 * 2 / 4, 1 * 2 / 4  # two pixels and one, of four steps over [-1, 1]
    colors, _ = layer([np.array([[[1.0, 0.0, right, 0.0, 1.0, down]]]), np.ones((1, 1))])
    template = sigmoid(layer.get_weights()[0]).reshape(5, 5, 1)
    expected = np.zeros((5, 5, 1))
    expected[1:, 2:] = template[:4, :3]
    np.testing.assert_allclose(colors[0, 0], expected, atol=1e-5)


def test_an_absent_part_leaves_no_trace():
    layer, poses = decoder(parts=2), some_poses(1, 2)
    present, absent = (
        canvas_mean(*layer([poses, np.array([presences])]))
        for presences in ([0.0, 1.0], [0.0, 0.0])
    )
    paint = sigmoid(layer.get_weights()[2])
    np.testing.assert_allclose(absent, np.full((1, 5, 6, 2), paint), atol=1e-4)
    assert np.abs(np.array(present) - np.array(absent)).max() > 0.01


def test_the_likelihood_is_that_of_a_mixture_at_every_pixel():
    images = RNG.uniform(size=(2, 3, 4, 1))
    colors, logits = RNG.uniform(size=(2, 5, 3, 4, 1)), RNG.normal(size=(2, 5, 3, 4))
    log_weights = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    for sample in range(2):
        total = 0.0
        for pixel in np.ndindex(3, 4, 1):
            density = 0.0
            for part in range(5):
                error = images[sample][pixel] - colors[sample, part][pixel]
                gaussian = np.exp(-0.5 * (error / 0.3) ** 2) / np.sqrt(2 * np.pi * 0.09)
                density += np.exp(log_weights[sample, part][pixel[:2]]) * gaussian
            total -= np.log(density)
        nats = canvas_nats(*map(tf.constant, (images, colors, log_weights)), deviation=0.3)
        np.testing.assert_allclose(nats[sample], total, rtol=1e-6)


def test_a_deviation_of_zero_is_refused():
    with pytest.raises(ValueError, match=r"Received: deviation=0"):
        canvas_nats(
            np.zeros((1, 2, 2, 1)), np.zeros((1, 1, 2, 2, 1)), np.zeros((1, 1, 2, 2)), deviation=0
        )


def test_parts_learn_to_draw():
    keras.utils.set_random_seed(0)
    layer = TemplateDecoder(2, image_size=(8, 8), template_size=4)
    image = np.zeros((1, 8, 8, 1), "float32")
    image[0, 2:6, 1:4] = 1.0
    poses = np.array([[[0.6, 0, -0.3, 0, 0.6, 0.0], [0.6, 0, 0.3, 0, 0.6, 0.0]]], "float32")
    presences = np.ones((1, 2), "float32")
    layer.build([poses.shape, presences.shape])
    optimizer, costs = keras.optimizers.Adam(0.1), []
    for _ in range(100):
        with tf.GradientTape() as tape:
            nats = canvas_nats(image, *layer([poses, presences]), deviation=0.3)
        weights = [weight.value for weight in layer.trainable_weights]
        optimizer.apply(tape.gradient(nats, weights), layer.trainable_weights)
        costs.append(float(nats[0]))
    error = np.mean((np.array(canvas_mean(*layer([poses, presences]))) - image) ** 2)
    assert costs[-1] < costs[0] - 30
    assert error < 0.25 * image.var()
