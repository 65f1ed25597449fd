import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.layers import ContextModule, IdentityKernel

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("variant", "count"), [("basic", 28_392), ("large", 6_803_139)])
def test_it_has_the_parameters_of_the_paper_for_21_classes(variant, count):
    module = ContextModule(variant=variant)
    module.build((None, 64, 64, 21))
    assert module.count_params() == count


def test_the_layers_are_those_of_the_papers_table():
    module = ContextModule(variant="large")
    module.build((None, None, None, 2))
    table = [(step.filters, step.kernel_size, step.dilation_rate) for step in module.steps]
    widths, rates = (4, 4, 8, 16, 32, 64, 64, 2), (1, 1, 2, 4, 8, 16, 1, 1)
    sizes = [(3, 3)] * 7 + [(1, 1)]
    assert table == list(zip(widths, sizes, [(rate, rate) for rate in rates], strict=True))


def test_the_basic_module_starts_as_the_identity():
    image = RNG.uniform(size=(2, 20, 24, 5)).astype("float32")
    np.testing.assert_array_equal(ContextModule()(image), image)


def test_the_large_module_starts_close_to_the_identity():
    keras.utils.set_random_seed(0)
    image = RNG.uniform(size=(2, 20, 24, 5)).astype("float32")
    module = ContextModule(variant="large")
    np.testing.assert_allclose(module(image), image, atol=0.05)
    first, second = module.steps[0].get_weights()[0][..., :2].transpose(3, 0, 1, 2)
    # Both outputs take the same input; noise tells them apart.
    assert np.abs(first - second).max() > 0


def test_an_output_sees_67_pixels():
    module = ContextModule()
    module.build((None, 81, 81, 1))
    for step in module.steps:
        step.kernel.assign(np.ones(step.kernel.shape))
    with tf.GradientTape() as tape:
        tape.watch(image := tf.ones((1, 81, 81, 1)))
        output = module(image)[0, 40, 40, 0]
    rows, columns = np.nonzero(tape.gradient(output, image)[0, ..., 0])
    assert (rows.min(), rows.max()) == (columns.min(), columns.max()) == (40 - 33, 40 + 33)


def test_without_dilation_an_output_sees_17_pixels():
    module = ContextModule(dilation_rates=[1] * 7)
    module.build((None, 31, 31, 1))
    for step in module.steps:
        step.kernel.assign(np.ones(step.kernel.shape))
    response = module(np.eye(31)[15][:, None, None] * np.ones((1, 31, 31, 1), "float32"))
    assert np.nonzero(response[0, :, 15, 0])[0].tolist() == list(range(15 - 7, 15 + 8))


def test_it_opens_up_to_convolutions_that_share_its_weights():
    module = ContextModule()
    image = keras.Input((12, 12, 3))
    module.build(image.shape)
    for step in module.steps:
        step.set_weights([RNG.normal(size=weight.shape) for weight in step.weights])
    flat = keras.Model(image, module.call(image))
    assert [type(layer) for layer in flat.layers[1:]] == [keras.layers.Conv2D] * 8
    values = RNG.normal(size=(2, 12, 12, 3)).astype("float32")
    np.testing.assert_array_equal(flat(values), module(values))


def test_an_input_that_is_no_image_is_refused():
    with pytest.raises(ValueError, match=r"Received: input_shape=\(None, 8, 3\)"):
        ContextModule().build((None, 8, 3))


@pytest.mark.parametrize(("inputs", "outputs", "features"), [(4, 4, None), (4, 8, 2), (12, 6, 3)])
def test_a_kernel_passes_the_sum_of_its_group_through(inputs, outputs, features):
    kernel = np.array(IdentityKernel(features=features)((3, 5, inputs, outputs)))
    count = features or min(inputs, outputs)
    expected = np.zeros((3, 5, inputs, outputs))
    for a in range(inputs):
        for b in range(outputs):
            if a * count // inputs == b * count // outputs:
                expected[1, 2, a, b] = count / outputs
    np.testing.assert_array_equal(kernel, expected.astype("float32"))


def test_a_kernel_of_an_even_side_passes_the_pixel_through():
    convolution = keras.layers.Conv2D(
        3, 4, padding="same", kernel_initializer=IdentityKernel(), use_bias=False
    )
    image = RNG.normal(size=(1, 6, 6, 3)).astype("float32")
    np.testing.assert_array_equal(convolution(image), image)


def test_noise_is_around_what_passes():
    kernel = np.array(IdentityKernel(features=2, noise=0.1, seed=3)((3, 3, 40, 80)))
    quiet = np.array(IdentityKernel(features=2)((3, 3, 40, 80)))
    np.testing.assert_array_equal(kernel[quiet > 0], quiet[quiet > 0])
    noise = kernel[quiet == 0]
    np.testing.assert_allclose([noise.mean(), noise.std()], [0.0, 0.1 * 2 / 80], atol=1e-4)


def test_a_kernels_arguments_survive_its_configuration():
    arguments = {"features": 2, "noise": 0.1, "seed": 3}
    again = keras.initializers.deserialize(
        keras.initializers.serialize(IdentityKernel(**arguments))
    )
    assert isinstance(again, IdentityKernel)
    assert again.get_config() == arguments
    expected = IdentityKernel(**arguments)((3, 3, 2, 4))
    np.testing.assert_array_equal(again((3, 3, 2, 4)), expected)


@pytest.mark.parametrize("wrong", [{"features": 0}, {"noise": -0.1}], ids=str)
def test_wrong_arguments_of_a_kernel_are_refused(wrong):
    with pytest.raises(ValueError, match=f"Received: {next(iter(wrong))}="):
        IdentityKernel(**wrong)


@pytest.mark.parametrize("shape", [(3, 3, 5, 4), (3, 3, 4, 5)])
def test_features_must_divide_the_channels(shape):
    with pytest.raises(ValueError, match=r"Received: shape=\(3, 3, "):
        IdentityKernel(features=4)(shape)
