import keras
import numpy as np
import pytest

from kerascnn.cli.experiments import experiment_run
from kerascnn.cli.training import train_run
from kerascnn.data import arrays
from kerascnn.layers import CRFAttention
from kerascnn.losses import heatmap_error
from kerascnn.models.pose.multi_context_attention import multi_context_attention
from kerascnn.registry import get_system

RNG = np.random.default_rng(0)
SYSTEM = get_system("multi_context_attention")
TINY = SYSTEM.tiny
IMAGES = RNG.uniform(size=(3, 16, 16, 3)).astype("float32")


@pytest.fixture(scope="module")
def paper():
    with keras.StatelessScope(initialize_variables=False):
        return multi_context_attention().network


def convolution(channels, filters, size=1):
    """Parameters of a convolution without a bias, and of batch normalisation."""
    return channels * filters * size**2 + 4 * filters


def unit(channels, filters):
    """Parameters of 1x1, 3x3 and 1x1 convolutions, each after batch normalisation."""
    half = filters // 2
    kernels = channels * half + 9 * half * half + half * filters + filters
    projection = channels * filters + filters if channels != filters else 0
    return 4 * (channels + half + half) + kernels + projection


def pooled_unit(filters):
    """Parameters with two 3x3 convolutions more."""
    return unit(filters, filters) + 2 * (9 * filters * filters + 4 * filters) + filters


def attention(channels):
    """Parameters of a 3x3 convolution to one map and an 11x11 one of it."""
    return 9 * channels + 1 + 11 * 11 + 1


def parts(channels):
    """Parameters of an attention and a map for each of 16 points."""
    return 16 * (attention(channels) + channels + 1)


def test_the_parameters_add_up():
    stem = convolution(3, 64, 7) + 2 * unit(64, 64) + unit(64, 128)
    stem += 2 * unit(128, 128) + unit(128, 256)
    # 3 + 2 + 1 + 1 units above, three of them pooled, and 2 + 2 + 2 + 3 below
    hourglass = 13 * unit(256, 256) + 3 * pooled_unit(256)
    told = 16 * 256 + 256 + convolution(256, 256)
    stack = hourglass + 2 * convolution(256, 256) + attention(256) + told
    last = hourglass + convolution(256, 512) + convolution(512, 512) + attention(512) + parts(512)
    maps = 4 * 16 * (256 + 1) + 3 * parts(256)
    assert SYSTEM.params["multi_context_attention"] == stem + 7 * stack + maps + last


def test_stacks_look_at_five_sizes_and_give_maps_of_a_quarter(paper):
    units = [layer for layer in paper.layers if layer.name.startswith("stack8_level")]
    assert {layer.output.shape[1] for layer in units} == {64, 32, 16, 8, 4}
    assert paper.output_shape == [(None, 64, 64, 16)] * 8


def test_the_first_half_attends_to_the_body_and_the_second_to_each_part(paper):
    found = [layer for layer in paper.layers if isinstance(layer, CRFAttention)]
    assert len(found) == 8 + 4 * 16
    assert {(layer.kernel_size, layer.iterations) for layer in found} == {(11, 3)}
    split = {name.split("_")[0] for name in (layer.name for layer in found) if "_part" in name}
    assert split == {"stack5", "stack6", "stack7", "stack8"}


def test_a_unit_looks_from_further_away_where_another_stood_before_it(paper):
    pooled = {
        layer.name.removeprefix("stack1_")
        for layer in paper.layers
        if layer.name.startswith("stack1_") and getattr(layer, "pooled", False)
    }
    assert pooled == {"level4_upper2", "level4_upper3", "level3_upper2"}


def test_a_part_is_found_by_its_own_attention():
    network = multi_context_attention(**TINY, num_points=3).network
    before, _ = network(IMAGES)
    layer = network.get_layer("stack2_part2_attention")
    layer.set_weights([weight + 1 for weight in layer.get_weights()])
    changed = np.abs(network(IMAGES)[0] - before).max(axis=(0, 1, 2))
    assert changed[1] > 0
    np.testing.assert_array_equal(changed[[0, 2]], 0)


def test_a_later_hourglass_sees_the_maps_of_the_one_before():
    network = multi_context_attention(**TINY, num_points=3).network
    before = network(IMAGES)
    layer = network.get_layer("stack1_maps")
    layer.set_weights([weight + 1 for weight in layer.get_weights()])
    changed = [np.abs(new - old).max() for new, old in zip(network(IMAGES), before, strict=True)]
    assert min(changed) > 1e-3


def test_every_hourglass_has_its_own_loss():
    model = multi_context_attention(**TINY, num_points=3)
    model.compile(loss=model.default_loss)
    target = np.concatenate([RNG.uniform(size=(3, 3, 2)), np.ones((3, 3, 1))], axis=-1)
    outputs = model(IMAGES, training=True)
    costs = [float(np.mean(heatmap_error(target, maps))) for maps in outputs]
    assert len(costs) == 2
    assert min(costs) > 0
    np.testing.assert_allclose(model.compute_loss(IMAGES, target, outputs), sum(costs), rtol=1e-5)


def attention_at(model, images, points, name):
    """Average an attention map near to each point, `(points,)`, and far from all of them."""
    layer = model.network.get_layer(name)
    features = keras.Model(model.network.input, layer.input).predict(images, verbose=0)
    found = np.array(layer.attend(features))[..., 0]
    side = found.shape[1]
    places = (np.stack(np.indices((side, side)), axis=-1) + 0.5) / side
    gap = places[..., np.newaxis, :] - points[:, np.newaxis, np.newaxis]
    distance = np.linalg.norm(gap, axis=-1)  # (batch, height, width, points)
    near = [found[part < 0.08].mean() for part in np.moveaxis(distance, -1, 0)]
    return np.array(near), found[distance.min(axis=-1) > 0.2].mean()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_attention_learns_where_the_body_is_and_where_each_part(tmp_path):
    run = experiment_run("multi_context_attention", tmp_path / "run")
    train_run(run)
    examples = arrays(run.dataset.test)
    told = run.model(), examples["image"], examples["keypoints"][:, 0, :, :2]
    for stack in (1, 2):
        near, far = attention_at(*told, f"stack{stack}_attention")
        assert near.mean() >= 1.5 * far
    for part in range(6):
        near, _ = attention_at(*told, f"stack2_part{part + 1}_attention")
        assert near.argmax() == part
        assert near[part] >= 1.5 * np.delete(near, part).mean()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stacks": 1}, "Received: stacks=1"),
        ({"depth": 0}, "Received: stacks=2, depth=0"),
        ({"filters": 12}, "filters=12"),
        ({"depth": 3}, r"by 32. Received: input_shape=\(16, 16, 3\)"),
    ],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        multi_context_attention(**{**TINY, **options})
