import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn import edge, export
from kerascnn.layers import LocalSparseAttention2D, SelfAttention2D
from kerascnn.layers.attention.sparse_patterns import PATTERNS, grid_pattern, manhattan_order

RNG = np.random.default_rng(0)
# height, width, options
FORMS = {
    "pooled": (8, 8, {}),
    "unpooled": (6, 4, {"pool_size": 1}),
    "short_last_block": (10, 6, {"stride": 4}),
    "heads": (6, 6, {"heads": 4, "stride": 2, "key_channels": 4, "value_channels": 12}),
    "one_pattern": (6, 6, {"patterns": ("left_floor",), "heads": 2, "pool_size": 3}),
    "one_block": (4, 4, {"stride": 100}),
}


@pytest.fixture(params=FORMS)
def form(request):
    return FORMS[request.param]


def inputs(layer, height, width, scale=1.0):
    size = layer.pool_size
    shapes = [
        (2, height, width, layer.query.filters),
        (2, height // size, width // size, layer.key.filters),
        (2, height // size, width // size, layer.value.filters),
    ]
    return [scale * RNG.normal(size=shape) for shape in shapes]


def built(height, width, options, channels=64):
    layer = LocalSparseAttention2D(**options)
    layer.build((None, height, width, channels))
    return layer


def attention(layer, query, key, value):
    """All products, then a mask: the masks of the patterns are the definition."""
    batch, height, width, _ = query.shape
    query, key, value = (x.reshape(batch, -1, x.shape[-1]) for x in (query, key, value))
    stride = layer.stride or int(np.sqrt(key.shape[1]))
    outputs = []
    parts = (np.split(x, layer.heads, -1) for x in (query, key, value))
    for head, (q, k, v) in enumerate(zip(*parts, strict=True)):
        name = layer.patterns[head * len(layer.patterns) // layer.heads]
        mask = grid_pattern(name, height, width, stride=stride, pool_size=layer.pool_size)
        weights = np.where(mask, np.exp(q @ k.swapaxes(1, 2)), 0)
        outputs.append(weights / weights.sum(-1, keepdims=True) @ v)
    return np.concatenate(outputs, -1).reshape(batch, height, width, -1)


def test_it_equals_masked_dense_attention(form):
    height, width, _ = form
    layer = built(*form)
    arrays = inputs(layer, height, width)
    output = layer.attend(*(tf.constant(array, "float32") for array in arrays))
    np.testing.assert_allclose(output, attention(layer, *arrays), rtol=1e-4, atol=1e-5)


def test_its_gradients_are_the_slopes(form):
    height, width, _ = form
    layer = built(*form)
    arrays, directions = inputs(layer, height, width), inputs(layer, height, width)
    with tf.GradientTape() as tape:
        tape.watch(tensors := [tf.constant(array, "float32") for array in arrays])
        total = tf.reduce_sum(layer.attend(*tensors) ** 2)
    for place, gradient in enumerate(tape.gradient(total, tensors)):
        ends = []
        for step in (1e-5, -1e-5):
            moved = [a + (step if i == place else 0) * directions[i] for i, a in enumerate(arrays)]
            ends.append(np.sum(attention(layer, *moved) ** 2))
        slope = np.sum(gradient.numpy() * directions[place])
        np.testing.assert_allclose(slope, (ends[0] - ends[1]) / 2e-5, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("scale", [10.0, 100.0])
def test_extreme_scores_stay_finite_and_inside_the_pattern(scale):
    layer = built(8, 8, {})
    arrays = [tf.constant(x, "float32") for x in inputs(layer, 8, 8, scale)]
    with tf.GradientTape() as tape:
        tape.watch(arrays)
        output = layer.attend(*arrays)
    assert np.isfinite(output).all()
    assert all(np.isfinite(gradient).all() for gradient in tape.gradient(output, arrays))
    # A value that nobody may see changes nothing: with a left floor, the last cell's for the first.
    layer = built(8, 8, {"patterns": ("left_floor",)})
    changed = tf.concat([arrays[2][:, :3], arrays[2][:, 3:] + 1e3], 1)
    before, after = (layer.attend(*arrays[:2], value) for value in (arrays[2], changed))
    np.testing.assert_allclose(after[:, :2, :2], before[:, :2, :2], atol=1e-3)


@pytest.mark.parametrize("pool_size", [1, 2])
def test_with_a_full_pattern_it_is_dense_attention(pool_size):
    image = RNG.normal(size=(2, 8, 6, 16)).astype("float32")
    sparse = LocalSparseAttention2D(
        patterns=("left_repetitive",), heads=1, stride=1, pool_size=pool_size
    )
    dense = SelfAttention2D(pool_size=pool_size)
    dense.build(image.shape)
    sparse.build(image.shape)
    weights = [RNG.normal(size=w.shape) for w in dense.get_weights()]
    for layer in (dense, sparse):
        layer.set_weights(weights)
    np.testing.assert_allclose(sparse(image), dense(image), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(("count", "stride"), [(16, 4), (17, 4), (30, 7), (5, 5)])
def test_two_steps_carry_information_from_everywhere_to_everywhere(side, count, stride):
    floor = PATTERNS[f"{side}_floor"](count, stride).astype(int)
    repetitive = PATTERNS[f"{side}_repetitive"](count, stride).astype(int)
    assert (repetitive @ floor > 0).mean() == 1.0
    if stride < count:
        assert (floor @ repetitive > 0).mean() < 1.0


def test_patterns_look_like_the_paper():
    floor, repetitive = PATTERNS["left_floor"](4, 2), PATTERNS["left_repetitive"](4, 2)
    assert floor.astype(int).tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 1]]
    assert repetitive.astype(int).tolist() == [
        [1, 1, 0, 1],
        [0, 1, 0, 1],
        [0, 1, 1, 1],
        [0, 1, 0, 1],
    ]
    for name, mirrored in (("right_floor", floor), ("right_repetitive", repetitive)):
        np.testing.assert_array_equal(PATTERNS[name](4, 2), mirrored[::-1, ::-1])


@pytest.mark.parametrize(("kind", "density"), [("floor", 0.156), ("repetitive", 0.297)])
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_quarter_of_the_keys_or_less_is_seen(side, kind, density):
    mask = grid_pattern(f"{side}_{kind}", 8, 8, stride=4, pool_size=2)
    assert mask.shape == (64, 16)
    assert abs(mask.mean() - density) < 5e-4


def test_pixels_are_counted_by_their_distance_from_the_corner():
    order = manhattan_order(2, 3)
    assert order.tolist() == [0, 1, 3, 2, 4, 5]
    rows, columns = np.divmod(manhattan_order(7, 9), 9)
    assert (np.diff(rows + columns) >= 0).all()


def test_pixels_of_a_cell_see_the_same_keys():
    mask = grid_pattern("left_floor", 4, 4, stride=2, pool_size=2).reshape(2, 2, 2, 2, 4)
    assert (mask == mask[:, :1, :, :1]).all()


def test_no_tensor_is_as_large_as_queries_times_keys():
    layer = built(64, 64, {})
    graph = tf.function(layer.attend).get_concrete_function(
        *(tf.TensorSpec((1, *shape)) for shape in [(64, 64, 8), (32, 32, 8), (32, 32, 32)])
    )
    tensors = [t for op in graph.graph.get_operations() for t in op.outputs]
    largest = max(t.shape.num_elements() or 0 for t in tensors)
    assert largest <= 8 * 64 * 64 * 33 < 64 * 64 * 32 * 32


def test_a_file_in_int8_attends_like_keras(tmp_path):
    keras.utils.set_random_seed(0)
    image = keras.Input((10, 8, 64), name="image")
    layer = LocalSparseAttention2D(stride=3)
    x = layer(image)
    layer.gain.gamma.assign(3.0)
    model = keras.Model(image, x - image)
    values = np.random.default_rng(0).normal(size=(16, 10, 8, 64)).astype("float32")
    path = tmp_path / "model.tflite"
    report = export.to_tflite(model, path, quantize="int8", calibration=values)
    assert not report.float_operators
    noise = np.mean((edge.load(path)(values) - model(values)) ** 2)
    assert 10 * np.log10(np.mean(model(values) ** 2) / noise) > 20


@pytest.mark.parametrize(
    ("shape", "options"),
    [((None, 7, 8, 64), {}), ((None, 8, 8, 12), {}), ((None, 8, 8, 64), {"value_channels": 12})],
)
def test_shapes_that_cannot_be_shared_out_are_refused(shape, options):
    with pytest.raises(ValueError, match=r"Received: input_shape="):
        LocalSparseAttention2D(**options).build(shape)
