"""The GAN that grows: stages, fading, the schedule, and images of several sizes."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.models.generation.msg_gan import msg_gan
from kerascnn.models.generation.progressive_gan import progressive_gan
from kerascnn.registry import get_system
from kerascnn.training.multi_scale_gan import double, halve

RNG = np.random.default_rng(0)


def grown(**options):
    keras.utils.set_random_seed(0)
    shape = {"input_shape": (16, 16, 1), "latent_dim": 6, "filters": 6}
    return progressive_gan(**{**shape, "phase_steps": 4, "ema_decay": None, **options})


def at(gan, steps):
    """The GAN as it is before this step."""
    gan.growth.steps.assign(steps)
    gan.stage = gan.growth.stage()
    return gan


def repeated(images):
    return np.repeat(np.repeat(images, 2, axis=1), 2, axis=2)


def test_the_parameters_are_those_of_the_code():
    with keras.StatelessScope(initialize_variables=False):
        gan = progressive_gan()
    assert gan.generator.count_params() == 23_079_115
    assert gan.discriminator.count_params() == 23_087_249
    assert gan.deployable.count_params() == 23_071_507
    assert gan.sizes == [4, 8, 16, 32, 64, 128, 256, 512, 1024]


@pytest.mark.parametrize(
    ("steps", "stage", "alpha"),
    [(0, 0, 1), (3, 0, 1), (4, 1, 0), (6, 1, 0.5), (8, 1, 1), (13, 2, 0.25), (100, 2, 1)],
)
def test_each_size_fades_in_and_then_stays(steps, stage, alpha):
    gan = at(grown(), steps)
    assert gan.stage == stage
    assert float(gan.alpha()) == alpha


def test_what_begins_to_fade_in_is_the_stage_before_with_larger_pixels():
    gan = grown()
    latents = gan.latents(3)
    before = np.asarray(at(gan, 3).generate(latents))
    np.testing.assert_array_equal(at(gan, 4).generate(latents), repeated(before))
    images = RNG.uniform(-1, 1, (3, 4, 4, 1)).astype("float32")
    small = np.asarray(at(gan, 3).criticise(images))
    large = np.asarray(at(gan, 4).criticise(repeated(images)))
    np.testing.assert_allclose(large, small, atol=1e-6)


def test_what_has_faded_in_is_the_last_size_alone():
    gan = at(grown(), 100)
    latents = gan.latents(3)
    every = gan.generator(latents)
    np.testing.assert_allclose(gan.generate(latents), every[-1], atol=1e-6)
    np.testing.assert_array_equal(gan.deployable(latents), every[-1])


def test_half_faded_images_are_a_mean():
    gan = at(grown(), 6)
    latents = gan.latents(3)
    small, large = (np.asarray(image) for image in gan.generator(latents)[:2])
    expected = (repeated(small) + large) / 2
    np.testing.assert_allclose(gan.generate(latents), expected, atol=1e-6)


def test_real_images_are_as_sharp_as_generated_ones_can_be():
    gan, seen = at(grown(), 6), []
    gan.criticise = lambda images, *_: seen.append(np.asarray(images)) or tf.zeros((3, 1))
    gan.gradient_penalty = 0.0
    real = RNG.uniform(-1, 1, (3, 16, 16, 1)).astype("float32")
    gan.discriminator_loss(real, None, gan.latents(3))
    mean = real.reshape(3, 8, 2, 8, 2, 1).mean(axis=(2, 4))
    blurred = repeated(mean.reshape(3, 4, 2, 4, 2, 1).mean(axis=(2, 4)))
    np.testing.assert_allclose(seen[0], (mean + blurred) / 2, atol=1e-6)


def test_one_fit_goes_through_all_stages_and_trains_no_more_than_it_must():
    gan = grown(phase_steps=1)
    gan.compile()
    images = RNG.uniform(-1, 1, (8, 16, 16, 1)).astype("float32")
    stages, still = [], []
    last = gan.generator.get_layer("conv1_16").kernel
    for _ in range(6):
        before = last.numpy()
        history = gan.fit(images, batch_size=8, verbose=0).history
        stages.append(history["stage"][0])
        still.append(np.array_equal(before, last.numpy()))
    assert stages == [0, 0, 1, 1, 2, 2]
    # In the fourth step its size begins to fade in, with a weight of 0.
    assert still == [True, True, True, True, False, False]


def test_a_saved_gan_grows_on_where_it_stood(tmp_path):
    gan = grown(phase_steps=2, ema_decay=0.5)
    gan.compile()
    images = RNG.uniform(-1, 1, (8, 16, 16, 1)).astype("float32")
    gan.fit(images, batch_size=8, epochs=7, verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    for one, other in zip(gan.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert loaded.fit(images, batch_size=8, verbose=0).history["stage"] == [1.5]


def test_the_penalty_reaches_the_weights_of_the_discriminator():
    gan = at(grown(), 6)
    real = RNG.uniform(-1, 1, (4, 16, 16, 1)).astype("float32")
    latents = gan.latents(4)
    network = gan.active()["discriminator"][0]

    def gradients(weight):
        gan.gradient_penalty = weight
        gan.noise.seed_generator.state.assign([1, 1])
        variables = [variable.value for variable in network.trainable_variables]
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(gan.discriminator_loss(real, None, latents))
        return tape.gradient(loss, variables)

    pairs = list(zip(gradients(0.0), gradients(10.0), strict=True))
    assert all(one is not None and other is not None for one, other in pairs)
    kernels = [pair for pair in pairs if len(pair[0].shape) > 1]
    assert not any(np.allclose(*pair) for pair in kernels)


@pytest.mark.parametrize(
    ("options", "match"),
    [({"input_shape": (12, 12, 1)}, "power of two"), ({"phase_steps": 0}, "phase_steps=0")],
)
def test_wrong_arguments_are_refused(options, match):
    with pytest.raises(ValueError, match=match):
        grown(**options)


def test_halving_undoes_doubling():
    images = RNG.normal(size=(2, 4, 4, 3)).astype("float32")
    np.testing.assert_array_equal(double(images), repeated(images))
    np.testing.assert_allclose(halve(double(images)), images, atol=1e-6)


def tiny_msg(**options):
    keras.utils.set_random_seed(0)
    shape = {"input_shape": (16, 16, 1), "ema_decay": None}
    return msg_gan(**{**get_system("msg_gan").tiny, **shape, **options})


def test_every_image_of_msg_gan_trains_its_layer():
    gan = tiny_msg()
    assert len(gan.discriminator.input) == len(gan.generator.output) == 3
    colors = [gan.generator.get_layer(f"image{size}").kernel.value for size in gan.sizes]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(gan.generator_loss(None, None, gan.latents(4)))
    assert all(np.abs(one).max() > 0 for one in tape.gradient(loss, colors))


def test_msg_gan_judges_the_pyramid_of_real_images():
    gan, seen = tiny_msg(), []
    gan.gradient_penalty = 0.0
    honest = gan.criticise
    gan.criticise = lambda images, *rest: seen.append(np.asarray(images)) or honest(images, *rest)
    real = RNG.uniform(-1, 1, (3, 16, 16, 1)).astype("float32")
    gan.discriminator_loss(real, None, gan.latents(3), training=False)
    mean = real.reshape(3, 8, 2, 8, 2, 1).mean(axis=(2, 4))
    least = mean.reshape(3, 4, 2, 4, 2, 1).mean(axis=(2, 4))
    expected = np.concatenate([one.reshape(3, -1) for one in (least, mean, real)], axis=1)
    np.testing.assert_allclose(seen[0], expected, atol=1e-6)
    fed = {"image4": least, "image8": mean, "image16": real}
    logits = gan.discriminator(fed, training=False)
    np.testing.assert_allclose(honest(expected, None, False), logits, atol=1e-5)
