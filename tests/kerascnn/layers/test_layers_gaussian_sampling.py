import keras
import numpy as np
import pytest

from kerascnn.layers import GaussianSampling

MEAN = np.broadcast_to(np.float32([1.0, -2.0]), (20_000, 2))
LOG_VAR = np.broadcast_to(np.log(np.float32([4.0, 0.25])), (20_000, 2))


def test_inference_gives_the_mean():
    layer = GaussianSampling()
    np.testing.assert_array_equal(layer((MEAN, LOG_VAR)), MEAN)
    np.testing.assert_array_equal(layer((MEAN, LOG_VAR), training=False), MEAN)


def test_samples_have_the_mean_and_the_variance():
    samples = np.array(GaussianSampling(seed=1)((MEAN, LOG_VAR), training=True))
    np.testing.assert_allclose(samples.mean(0), [1.0, -2.0], atol=0.05)
    np.testing.assert_allclose(samples.var(0), [4.0, 0.25], rtol=0.05)
    assert abs(np.corrcoef(samples.T)[0, 1]) < 0.03


def test_every_call_draws_anew_and_a_seed_repeats_the_sequence():
    first, second = GaussianSampling(seed=1), GaussianSampling(seed=1)
    draws = [np.array(layer((MEAN, LOG_VAR), training=True)) for layer in (first, first, second)]
    assert np.abs(draws[0] - draws[1]).max() > 1.0
    np.testing.assert_array_equal(draws[0], draws[2])


def test_gradients_are_those_of_the_reparameterisation():
    import tensorflow as tf

    mean, log_var = tf.constant(MEAN[:5]), tf.constant(LOG_VAR[:5])
    with tf.GradientTape() as tape:
        tape.watch((mean, log_var))
        sample = GaussianSampling(seed=1)((mean, log_var), training=True)
    by_mean, by_log_var = tape.gradient(sample, (mean, log_var))
    np.testing.assert_array_equal(by_mean, np.ones((5, 2)))
    np.testing.assert_allclose(by_log_var, 0.5 * (sample - mean), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_batches_of_any_size_are_sampled_in_a_graph(jit_compile):
    mean, log_var = keras.Input((2,)), keras.Input((2,))
    model = keras.Model([mean, log_var], GaussianSampling()((mean, log_var)))
    model.compile(jit_compile=jit_compile)
    assert model.predict([MEAN[:5], LOG_VAR[:5]], batch_size=4, verbose=0).shape == (5, 2)


def test_mixed_precision_samples_in_half():
    layer = GaussianSampling(dtype="mixed_float16")
    output = layer((MEAN, LOG_VAR), training=True)
    assert keras.backend.standardize_dtype(output.dtype) == "float16"


def test_the_seed_survives_its_configuration():
    layer = GaussianSampling.from_config(GaussianSampling(seed=7).get_config())
    assert layer.seed == 7


@pytest.mark.parametrize("shapes", [[(1, 2)], [(1, 2), (1, 3)]], ids=str)
def test_wrong_shapes_are_refused(shapes):
    with pytest.raises(ValueError, match="Received: shapes="):
        GaussianSampling().build(shapes)
