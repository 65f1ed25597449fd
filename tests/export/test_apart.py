"""What is joined with a pool keeps its own range in int8, and so does what the pool reads."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerascnn import edge, export
from kerascnn.export.conversion import preparation
from kerascnn.export.quantization.apart import keep_apart

IMAGES = np.random.default_rng(0).normal(size=(64, 8, 8, 4)).astype("float32")
BRANCHES = {
    "average": layers.AveragePooling2D(3, 1, padding="same"),
    "maximum": layers.MaxPooling2D(3, 1, padding="same"),
    "operation": lambda x: ops.max_pool(x, 3, 1, "same"),
    "global": lambda x: layers.UpSampling2D(8)(layers.GlobalMaxPooling2D(keepdims=True)(x)),
    "padded": lambda x: layers.ZeroPadding2D(1)(layers.AveragePooling2D(3, 1)(x)),
    "resized": lambda x: layers.Resizing(8, 8)(x[:, ::4, ::4]),
    "dropped": lambda x: layers.Dropout(0.5)(layers.AveragePooling2D(3, 1, padding="same")(x)),
}


def conv(scale, name="conv"):
    start = keras.initializers.RandomNormal(stddev=scale, seed=1)
    return layers.Conv2D(4, 3, padding="same", kernel_initializer=start, name=name)


def model_of(branch, scale, join=None):
    image = keras.Input((8, 8, 4), name="image")
    join = join or layers.Concatenate(name="both")
    return keras.Model(image, join([conv(scale)(image), branch(image)]))


def products(model):
    found = keep_apart(model, [IMAGES])
    np.testing.assert_allclose(found(IMAGES), model(IMAGES), rtol=1e-5, atol=1e-5)
    return [layer.name for layer in found.layers if isinstance(layer, layers.Rescaling)]


def sqnr(expected, given):
    noise = np.square(np.asarray(expected) - np.asarray(given)).mean()
    return 10 * np.log10(np.square(expected).mean() / noise)


@pytest.fixture(params=[("average", 0.01), ("maximum", 3.0)], ids=lambda param: param[0])
def harmed(request):
    """A pool whose input is clipped by the converter, and one whose input it makes coarse."""
    name, scale = request.param
    return model_of(BRANCHES[name], scale)


def exported(model, path, **options):
    report = export.to_tflite(model, path, **{"quantize": "int8"} | options)
    return report, np.asarray(edge.load(path)(IMAGES))


def test_what_the_converter_clips_answers_as_keras_does(harmed, tmp_path):
    report, given = exported(harmed, tmp_path / "apart.tflite", calibration=IMAGES)
    assert sqnr(harmed(IMAGES), given) > 28
    assert report.float_operators == ()
    assert [output.name for output in report.outputs] == ["both"]


def test_the_converter_alone_clips(harmed, tmp_path, monkeypatch):
    monkeypatch.setattr(preparation, "keep_apart", lambda model, _: model)
    _, given = exported(harmed, tmp_path / "tied.tflite", calibration=IMAGES)
    assert sqnr(harmed(IMAGES), given) < 20


def test_learned_ranges_are_apart_by_themselves(harmed, tmp_path):
    aware = export.quantize_aware(harmed)
    aware(IMAGES, training=True)
    report, given = exported(aware, tmp_path / "learned.tflite")
    assert "MUL" not in {node.name for node in report.nodes}
    assert sqnr(harmed(IMAGES), given) > 28
    assert sqnr(aware(IMAGES), given) > 28


def test_16_bits_need_no_product(tmp_path):
    model = model_of(BRANCHES["average"], 0.01)
    options = {"quantize": "int16", "calibration": IMAGES}
    report, given = exported(model, tmp_path / "wide.tflite", **options)
    assert "MUL" not in {node.name for node in report.nodes}
    assert sqnr(model(IMAGES), given) > 40


@pytest.mark.parametrize("name", BRANCHES)
def test_a_branch_that_only_moves_numbers_is_kept_apart_from_a_wide_one(name):
    assert products(model_of(BRANCHES[name], 3.0)) == ["both.range1"]


@pytest.mark.parametrize("name", ["average", "padded", "dropped"])
def test_a_mean_is_kept_apart_from_narrow_branches(name):
    assert products(model_of(BRANCHES[name], 0.01)) == ["both.range1"]


@pytest.mark.parametrize(
    "join",
    [
        layers.Maximum(name="most"),
        lambda both: ops.minimum(*both),
        lambda both: ops.concatenate(both, axis=1),
        lambda both: ops.stack(both, axis=1),
    ],
)
def test_all_that_joins_is_kept_apart(join):
    assert len(products(model_of(BRANCHES["average"], 3.0, join))) == 1


def test_an_input_is_kept_apart_from_a_wide_branch_and_not_from_one_as_wide():
    assert products(model_of(lambda x: x, 3.0)) == ["both.range1"]
    assert products(model_of(lambda x: x, 0.01)) == []


def test_pools_of_the_same_numbers_stay_together():
    image = keras.Input((8, 8, 4))
    pools = [layers.MaxPooling2D(size, 1, padding="same")(ops.relu(image)) for size in (1, 3)]
    model = keras.Model(image, layers.Concatenate()(pools))
    assert keep_apart(model, [IMAGES]) is model


def test_a_wide_end_rules_the_whole_chain_of_joins():
    image = x = keras.Input((8, 8, 4))
    own = IMAGES.max() - IMAGES.min()
    for number, factor in enumerate((1.6, 2.8)):  # each less than twice the one before
        wide = conv(0.1, f"conv{number}")(x)
        tensor = keras.Model(image, wide)(IMAGES)
        scale = factor * own / float(np.ptp(tensor))
        x = layers.Concatenate(name=f"join{number}")([x, ops.multiply(wide, scale)])
    assert products(keras.Model(image, x)) == ["join0.range1"]


def test_a_shared_join_has_a_product_for_each_call():
    join = layers.Concatenate(name="both")
    image = keras.Input((8, 8, 4))
    pool = layers.AveragePooling2D(3, 1, padding="same")
    outputs = [join([conv(3.0, f"conv{i}")(image), pool(image)]) for i in range(2)]
    assert products(keras.Model(image, ops.add(*outputs))) == ["both.range1", "both.range2"]


def test_a_model_without_a_graph_stays():
    class Own(keras.Model):
        def call(self, x):
            return ops.concatenate([x, layers.AveragePooling2D()(x)], axis=1)

    model = Own()
    assert keep_apart(model, [IMAGES]) is model
