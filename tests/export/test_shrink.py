"""Cutting dead filters out: the same answers from less."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerascnn import export


def kill(layer, *channels):
    """Make some output channels of a layer zero, as pruning does."""
    for variable in layer.trainable_variables:
        array = np.array(variable)
        array[..., list(channels)] = 0.0
        variable.assign(array)


def model_of(build, shape=(8, 8, 3)):
    keras.utils.set_random_seed(0)
    image = layers.Input(shape)
    model = keras.Model(image, build(image))
    generator = np.random.default_rng(0)
    for variable in model.weights:  # biases and statistics that matter
        if len(variable.shape) == 1:
            variable.assign(generator.uniform(0.5, 1.5, variable.shape))
    return model


def check_same(model, small):
    images = np.random.default_rng(1).normal(size=(3, *model.input_shape[1:])).astype("float32")
    expected = np.array(model(images))
    assert expected.std(axis=0).max() > 1e-4
    np.testing.assert_allclose(small(images), expected, rtol=1e-4, atol=1e-5)


def filters(model, name):
    return model.get_layer(name).output.shape[-1]


def conv(name, filters=8, size=3, **kwargs):
    return layers.Conv2D(filters, size, padding="same", name=name, **kwargs)


def head(x):
    return layers.Dense(4, name="head")(layers.GlobalAveragePooling2D()(x))


def test_a_filter_goes_through_normalisation_activation_pooling_and_depthwise():
    def build(image):
        x = layers.BatchNormalization(name="norm")(conv("first")(image))
        x = layers.MaxPooling2D()(layers.ReLU()(x))
        x = layers.DepthwiseConv2D(3, depth_multiplier=2, use_bias=False, name="deep")(x)
        return head(conv("second")(x))

    model = model_of(build)
    for name in ("first", "norm"):
        kill(model.get_layer(name), 1, 5)
    small = export.shrink(model)
    check_same(model, small)
    assert [filters(small, n) for n in ("first", "norm", "deep", "second")] == [6, 6, 12, 8]


def test_flattening_cuts_every_place_of_a_filter():
    model = model_of(lambda image: layers.Dense(4, name="head")(layers.Flatten()(conv("c")(image))))
    kill(model.get_layer("c"), 0)
    small = export.shrink(model)
    check_same(model, small)
    assert small.get_layer("head").kernel.shape == (7 * 64, 4)


def test_concatenation_cuts_each_part_by_itself():
    def build(image):
        x = layers.Concatenate()([conv("left", 4)(image), conv("right", 6)(image)])
        return head(conv("last")(layers.ReLU()(x)))

    model = model_of(build)
    kill(model.get_layer("left"), 3)
    kill(model.get_layer("right"), 0, 1)
    small = export.shrink(model)
    check_same(model, small)
    assert [filters(small, n) for n in ("left", "right")] == [3, 4]


@pytest.mark.parametrize("join", [lambda a, b: layers.Add()([a, b]), lambda a, b: a + b])
def test_an_addition_keeps_the_union(join):
    def build(image):
        x = conv("trunk")(image)
        return head(conv("last")(join(x, conv("branch")(x))))

    model = model_of(build)
    kill(model.get_layer("trunk"), 0, 1, 2)
    kill(model.get_layer("branch"), 2, 3)
    small = export.shrink(model)
    check_same(model, small)
    assert [filters(small, n) for n in ("trunk", "branch")] == [7, 7]


def test_a_product_with_zero_cuts_the_gate_too():
    def build(image):
        x = conv("trunk")(image)
        gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
        gate = conv("gate", 8, 1, activation="sigmoid")(gate)
        return head(conv("last")(layers.Multiply()([x, gate])))

    model = model_of(build)
    kill(model.get_layer("trunk"), 4)
    small = export.shrink(model)
    check_same(model, small)
    assert [filters(small, n) for n in ("trunk", "gate")] == [7, 7]


@pytest.mark.parametrize(("padding", "left"), [("valid", 6), ("same", 8)])
def test_a_constant_moves_into_the_bias_only_where_the_borders_allow_it(padding, left):
    def build(image):
        x = layers.Activation("sigmoid")(conv("first")(image))
        return head(layers.Conv2D(5, 3, padding=padding, use_bias=False, name="second")(x))

    model = model_of(build)
    kill(model.get_layer("first"), 0, 7)  # a sigmoid makes one half of zero
    small = export.shrink(model)
    check_same(model, small)
    assert filters(small, "first") == left


def test_transposed_convolution_and_slopes_are_cut_on_both_sides():
    def build(image):
        x = layers.PReLU(shared_axes=[1, 2])(conv("first")(image))
        x = layers.Conv2DTranspose(6, 3, strides=2, padding="same", name="up")(x)
        return head(conv("last")(x))

    model = model_of(build)
    kill(model.get_layer("first"), 2)
    up = model.get_layer("up")
    kernel, offset = up.get_weights()
    kernel[:, :, 1], offset[1] = 0.0, 0.0
    up.set_weights([kernel, offset])
    small = export.shrink(model)
    check_same(model, small)
    assert [filters(small, n) for n in ("first", "up")] == [7, 5]


def test_a_filter_that_nobody_takes_goes():
    model = model_of(lambda image: head(conv("last")(conv("first")(image))))
    kernel, offset = model.get_layer("last").get_weights()
    kernel[:, :, 6] = 0.0
    model.get_layer("last").set_weights([kernel, offset])
    small = export.shrink(model)
    check_same(model, small)
    assert filters(small, "first") == 7


def test_a_shared_layer_is_cut_as_all_its_calls_allow():
    def build(image):
        shared = conv("shared", 3)
        x = shared(image)
        return head(conv("last")(shared(x)))

    model = model_of(build)
    kill(model.get_layer("shared"), 1)
    small = export.shrink(model)
    check_same(model, small)
    assert filters(small, "shared") == 3  # the image has three channels


def test_what_may_need_every_channel_keeps_it():
    def build(image):
        x = conv("first")(image)
        return head(ops.flip(layers.LayerNormalization()(x), axis=-1))

    model = model_of(build)
    kill(model.get_layer("first"), 1)
    small = export.shrink(model)
    check_same(model, small)
    assert filters(small, "first") == 8


def test_a_dead_model_keeps_one_channel():
    model = model_of(lambda image: head(conv("last")(conv("first")(image))))
    kill(model.get_layer("first"), *range(8))
    small = export.shrink(model)
    images = np.ones((2, 8, 8, 3), "float32")
    np.testing.assert_allclose(small(images), model(images), rtol=1e-5)
    assert filters(small, "first") == 1


def test_half_of_the_filters_of_a_network_with_gates_and_residuals_can_go():
    keras.utils.set_random_seed(0)
    shape = (32, 32, 3)
    model = keras.applications.MobileNetV3Small(
        shape, alpha=0.75, weights=None, classes=5, classifier_activation=None
    )
    images = np.random.default_rng(0).random((16, *shape)).astype("float32")
    norms = [o for o in model.layers if isinstance(o, layers.BatchNormalization)]
    for norm in norms:
        norm.momentum = 0.0
        norm.beta.assign(np.random.default_rng(0).normal(0, 0.1, norm.beta.shape))
    model.compile("sgd", "mse")
    pruning = export.prune(model, 0.5, pattern="filters")
    pruning.set_model(model)
    pruning.on_train_batch_begin(0)
    pruning.on_train_end()
    model(images, training=True)  # statistics that keep the signal alive
    small = export.shrink(model)
    expected = np.array(model(images))
    assert expected.std(axis=0).max() > 0.01
    np.testing.assert_allclose(small(images), expected, rtol=1e-3, atol=1e-4)
    assert small.count_params() < 0.35 * model.count_params()


def test_the_int8_file_of_a_shrunk_model_is_smaller_and_computes_less(tmp_path):
    def build(image):
        x = layers.ReLU()(layers.BatchNormalization()(conv("first", 32)(image)))
        x = layers.ReLU()(layers.Add()([x, conv("second", 32)(x)]))
        return head(x)

    model = model_of(build)
    data = np.random.default_rng(0).normal(size=(32, 8, 8, 3)).astype("float32")
    model.compile("sgd", "mse")
    pruning = export.prune(model, 0.5, pattern="filters")
    model.fit(data, np.zeros((32, 4)), verbose=0, callbacks=[pruning])
    reports = [
        export.to_tflite(one, tmp_path / f"{at}.tflite", quantize="int8", calibration=data)
        for at, one in enumerate([model, export.shrink(model)])
    ]
    full, half = reports
    assert full.macs == 64 * 9 * (3 * 32 + 32 * 32) + 32 * 4
    assert half.macs == 64 * 9 * (3 * 16 + 16 * 16) + 16 * 4
    assert half.size < 0.55 * full.size
    assert not half.float_operators


def test_a_subclassed_model_is_refused():
    class Own(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(ValueError, match="must be functional"):
        export.shrink(Own())
