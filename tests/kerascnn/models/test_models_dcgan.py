import keras
import numpy as np
import pytest

from kerascnn.models.generation.dcgan import dcgan


def kinds(network):
    return [type(layer) for layer in network.layers]


def test_the_maps_have_the_sizes_of_the_paper():
    with keras.StatelessScope(initialize_variables=False):
        gan = dcgan()
    maps = [
        layer.output.shape[1:] for layer in gan.generator.layers if len(layer.output.shape) == 4
    ]
    assert list(dict.fromkeys(maps)) == [
        (4, 4, 1024),
        (8, 8, 512),
        (16, 16, 256),
        (32, 32, 128),
        (64, 64, 3),
    ]
    strided = [layer for layer in gan.discriminator.layers if layer.name.startswith("down")]
    assert [layer.output.shape[1:] for layer in strided] == [
        (32, 32, 128),
        (16, 16, 256),
        (8, 8, 512),
        (4, 4, 1024),
    ]


def test_the_ends_are_not_normalized():
    gan = dcgan((16, 16, 1), filters=4)
    norm = keras.layers.BatchNormalization
    assert kinds(gan.generator).count(norm) == 2
    assert kinds(gan.discriminator).count(norm) == 1
    after_up2 = kinds(gan.generator)[-2:]
    assert after_up2 == [keras.layers.Conv2DTranspose, keras.layers.Activation]
    assert kinds(gan.discriminator)[1:3] == [keras.layers.Conv2D, keras.layers.LeakyReLU]


def test_weights_start_at_a_deviation_of_a_fiftieth():
    gan = dcgan((16, 16, 1), filters=32)
    for network in (gan.generator, gan.discriminator):
        kernels = [layer.kernel for layer in network.layers if hasattr(layer, "kernel")]
        deviations = [np.std(kernel.numpy()) for kernel in kernels if kernel.shape[0] > 4]
        np.testing.assert_allclose(deviations, 0.02, rtol=0.1)


def test_both_optimizers_are_those_of_the_paper():
    gan = dcgan((16, 16, 1), filters=4)
    gan.compile()
    for optimizer in (gan.generator_optimizer, gan.discriminator_optimizer):
        assert isinstance(optimizer, keras.optimizers.Adam)
        np.testing.assert_allclose(float(optimizer.learning_rate), 2e-4, rtol=1e-6)
        assert optimizer.beta_1 == 0.5


@pytest.mark.parametrize("side", [8, 16, 28, 32])
def test_images_of_other_sizes_are_drawn(side):
    gan = dcgan((side, side, 1), latent_dim=5, filters=4)
    images = np.array(gan(np.random.default_rng(0).normal(size=(2, 5)).astype("float32")))
    assert images.shape == (2, side, side, 1)
    assert np.abs(images).max() <= 1
    assert gan.discriminator(images).shape == (2, 1)


@pytest.mark.parametrize("shape", [(15, 15, 1), (4, 4, 1), (16, 32, 1)], ids=str)
def test_sides_that_do_not_halve_are_refused(shape):
    with pytest.raises(ValueError, match="Received: input_shape="):
        dcgan(shape)
