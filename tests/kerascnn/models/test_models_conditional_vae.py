import keras
import numpy as np
import pytest

from kerascnn.models.autoencoding.conditional_vae import conditional_vae

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0.2, 0.8, size=(3, 8, 8, 1)).astype("float32")
SMALL = {"input_shape": (8, 8, 1), "latent_dim": 2, "filters": 4, "units": 8}
BOTTOM_LEFT = (slice(None), slice(4, None), slice(None, 4))
TOP_LEFT = (slice(None), slice(None, 4), slice(None, 4))
BOTTOM_RIGHT = (slice(None), slice(4, None), slice(4, None))
TOP_RIGHT = (slice(None), slice(None, 4), slice(4, None))
QUADRANTS = (BOTTOM_LEFT, TOP_LEFT, BOTTOM_RIGHT, TOP_RIGHT)


def lively(**options):
    """Build a model with a prior that is not the standard normal distribution."""
    keras.utils.set_random_seed(0)
    model = conditional_vae(**{**SMALL, **options})
    for layer in ("mean", "log_var"):
        bias = model.network.get_layer("prior").get_layer(layer).bias
        bias.assign(RNG.normal(size=bias.shape))
    return model


def test_the_networks_have_the_parameters_of_their_layers():
    convolutions = (9 * 1 * 32 + 32) + (9 * 32 * 64 + 64)
    hidden = 7 * 7 * 64 * 500 + 500
    prior = convolutions + hidden + 2 * (500 * 50 + 50)
    transposed = (9 * 64 * 32 + 32) + (9 * 32 * 1 + 1)
    generation = convolutions + hidden + (550 * 7 * 7 * 64 + 7 * 7 * 64) + transposed
    assert conditional_vae().deployable.count_params() == prior + generation == 4_971_421


@pytest.mark.parametrize("quadrants", [1, 2, 3])
def test_the_rest_is_drawn_from_what_is_seen(quadrants):
    model = lively(quadrants=quadrants)
    seen, hidden = QUADRANTS[:quadrants], QUADRANTS[quadrants:]
    other = np.copy(IMAGES)
    for quadrant in hidden:
        other[quadrant] = 0.0
    first, second = (np.array(model.deployable(images)) for images in (IMAGES, other))
    np.testing.assert_array_equal(first, second)
    for quadrant in seen:
        np.testing.assert_array_equal(first[quadrant], IMAGES[quadrant])
    other[BOTTOM_LEFT] = 1.0
    assert all((np.array(model.deployable(other)) != first)[quadrant].any() for quadrant in hidden)


def test_the_costs_are_those_of_equation_5():
    model = lively()
    seen = np.zeros_like(IMAGES)
    seen[BOTTOM_LEFT] = IMAGES[BOTTOM_LEFT]
    layer = model.network.get_layer
    prior_mean, prior_log_var = (np.array(x, np.float64) for x in layer("prior")(seen))
    both = np.concatenate([seen, IMAGES], axis=-1)
    mean, log_var = (np.array(x, np.float64) for x in layer("recognition")(both))
    drawn = np.array(layer("generation")([seen, mean.astype("float32")]))
    each = -IMAGES * np.log(drawn) - (1 - IMAGES) * np.log(1 - drawn)
    each[BOTTOM_LEFT] = 0
    terms = prior_log_var - log_var - 1 + np.exp(log_var - prior_log_var)
    terms += (mean - prior_mean) ** 2 / np.exp(prior_log_var)
    _, nats, kl = model(IMAGES)
    np.testing.assert_allclose(nats, each.sum(axis=(1, 2, 3)), rtol=1e-4)
    np.testing.assert_allclose(kl, terms.sum(axis=-1) / 2, rtol=1e-4)


def test_the_hybrid_draws_from_the_prior_too():
    whole, mixed = lively(), lively(alpha=0.25)
    mixed.set_weights(whole.get_weights())
    _, nats, kl = (np.array(x) for x in whole(IMAGES))
    _, part, divergence, guess = (np.array(x) for x in mixed(IMAGES))
    np.testing.assert_allclose([part, divergence], [0.25 * nats, 0.25 * kl], rtol=1e-5)
    drawn = np.array(mixed.deployable(IMAGES))
    each = -IMAGES * np.log(drawn) - (1 - IMAGES) * np.log(1 - drawn)
    each[BOTTOM_LEFT] = 0
    np.testing.assert_allclose(guess, 0.75 * each.sum(axis=(1, 2, 3)), rtol=1e-4)


def test_training_draws_samples_of_the_posterior():
    model = lively()
    (_, first, _), (_, second, _) = (model(IMAGES, training=True) for _ in range(2))
    assert np.abs(np.array(first) - second).max() > 1e-4


@pytest.mark.parametrize(("name", "value"), [("quadrants", 4), ("alpha", 0.0), ("alpha", 1.5)])
def test_what_is_out_of_range_is_refused(name, value):
    with pytest.raises(ValueError, match=f"Received: .*{name}={value}"):
        conditional_vae(**SMALL, **{name: value})


def test_sides_must_halve_twice():
    with pytest.raises(ValueError, match=r"Received: input_shape=\(28, 30, 1\)"):
        conditional_vae((28, 30, 1))
