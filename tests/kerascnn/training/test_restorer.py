import keras
import numpy as np
import pytest

from kerascnn.training import Restorer

IMAGES = np.random.default_rng(0).uniform(size=(6, 8, 8, 1)).astype("float32")


def build(**options):
    keras.utils.set_random_seed(0)
    image = keras.Input((None, None, 1))
    grown = keras.layers.UpSampling2D(options.get("shrink", 1))(image)
    x = keras.layers.Conv2D(1, 3, padding="same", name="conv")(grown)
    model = Restorer(keras.Model(image, x), seed=3, **options)
    model.compile(keras.optimizers.SGD(0.0), model.default_loss)
    return model


def test_images_are_shrunk_as_keras_shrinks_them():
    shrunk = build(shrink=2).degrade(IMAGES)
    expected = keras.ops.image.resize(IMAGES, (4, 4), interpolation="bicubic", antialias=True)
    np.testing.assert_allclose(shrunk, expected, atol=1e-4)


def test_noise_has_the_deviation_and_is_another_each_time():
    model, images = build(noise=0.2), np.zeros((200, 8, 8, 1), "float32")
    first, second = (np.array(model.degrade(images)) for _ in range(2))
    assert first.std() == pytest.approx(0.2, rel=0.03)
    assert np.abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.05


def test_noise_that_is_given_is_taken():
    numbers = np.random.default_rng(1).normal(size=(6, 4, 4, 1)).astype("float32")
    model = build(noise=0.1, shrink=2)
    difference = model.degrade(IMAGES, numbers) - build(shrink=2).degrade(IMAGES)
    np.testing.assert_allclose(difference, 0.1 * numbers, atol=1e-6)


@pytest.mark.parametrize("call", ["train_on_batch", "evaluate"])
def test_training_and_evaluation_compare_clean_images_with_restored_ones(call):
    model = build(shrink=2)
    identity = np.zeros((3, 3, 1, 1))
    identity[1, 1] = 1
    model.network.set_weights([identity, np.zeros(1)])
    rough = np.array(model.degrade(IMAGES)).repeat(2, axis=1).repeat(2, axis=2)
    options = {"verbose": 0, "batch_size": 6} if call == "evaluate" else {}
    value = float(np.ravel(getattr(model, call)(IMAGES, **options))[0])
    assert value == pytest.approx(np.mean((rough - IMAGES) ** 2), rel=1e-4)


def test_a_step_goes_down_the_gradient_and_targets_count_for_nothing():
    models = [build(shrink=2), build(shrink=2)]
    for model, targets in zip(models, (None, np.zeros(6)), strict=True):
        model.compile(keras.optimizers.SGD(0.1), "mse")
        before = model.evaluate(IMAGES, verbose=0)
        model.fit(IMAGES, targets, epochs=5, verbose=0, shuffle=False)
        assert model.evaluate(IMAGES, verbose=0) < 0.9 * before
    kernels = [model.network.get_layer("conv").kernel for model in models]
    np.testing.assert_allclose(*kernels, rtol=1e-5)


def test_calling_restores_what_is_given_as_it_is():
    model = build(noise=0.5)
    np.testing.assert_allclose(model.predict(IMAGES, verbose=0), model.network(IMAGES), rtol=1e-5)
    assert model.deployable is model.network


@pytest.mark.parametrize("wrong", [{"shrink": 0}, {"noise": -0.1}], ids=str)
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="Received: shrink="):
        Restorer(build().network, **wrong)
