import keras
import numpy as np
import pytest

from kerascnn.training import Unsupervised

IMAGES = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")


def build():
    keras.utils.set_random_seed(0)
    image = keras.Input((4,))
    codes = keras.layers.Dense(2, use_bias=False, name="codes")(image)
    costs = [keras.ops.sum(codes**2, axis=-1), -keras.ops.mean(codes, axis=-1)]
    return Unsupervised(keras.Model(image, [codes, *costs]))


def expected(model, images):
    codes = images @ keras.ops.convert_to_numpy(model.network.get_layer("codes").kernel)
    return (codes**2).sum(-1) - codes.mean(-1)


def test_the_loss_is_the_sum_of_the_costs():
    model = build()
    costs = expected(model, IMAGES)
    model.compile(keras.optimizers.SGD(0.0))
    assert model.fit(IMAGES, verbose=0).history["loss"] == pytest.approx([costs.mean()], rel=1e-5)
    assert model.evaluate(IMAGES, verbose=0) == pytest.approx(costs.mean(), rel=1e-5)


def test_weights_of_samples_weigh_the_costs():
    model, weights = build(), np.array([1.0, 0.0, 2.0, 0.0, 0.0, 3.0], "float32")
    costs = expected(model, IMAGES)
    model.compile(keras.optimizers.SGD(0.0))
    value = float(model.compute_loss(y_pred=model(IMAGES), sample_weight=weights))
    assert value == pytest.approx((weights * costs).mean(), rel=1e-5)


def test_a_step_goes_down_the_gradient_of_the_mean():
    model = build()
    kernel = keras.ops.convert_to_numpy(model.network.get_layer("codes").kernel)
    gradient = IMAGES.T @ (2 * IMAGES @ kernel - 0.5) / len(IMAGES)
    model.compile(keras.optimizers.SGD(0.1))
    model.fit(IMAGES, verbose=0)
    moved = keras.ops.convert_to_numpy(model.network.get_layer("codes").kernel)
    np.testing.assert_allclose(moved, kernel - 0.1 * gradient, rtol=1e-4, atol=1e-6)


def test_the_codes_alone_are_deployed():
    model = build()
    np.testing.assert_allclose(model.deployable(IMAGES), model(IMAGES)[0], rtol=1e-6)
    assert model.deployable.output_shape == (None, 2)


def test_a_network_without_costs_is_refused():
    image = keras.Input((4,))
    with pytest.raises(ValueError, match="Received: network with 1 output"):
        Unsupervised(keras.Model(image, keras.layers.Dense(2)(image)))
