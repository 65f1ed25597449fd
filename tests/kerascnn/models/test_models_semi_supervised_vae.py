import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.models.classification.semi_supervised_vae import semi_supervised_vae

RNG = np.random.default_rng(0)
SMALL = {"num_classes": 3, "latent_dim": 2, "filters": 4, "units": 8}
IMAGES = RNG.uniform(size=(4, 8, 8, 1)).astype("float32")
LABELS = np.eye(3, dtype="float32")[[0, 2, 1, 2]]


def test_the_classifier_has_the_parameters_of_its_layers():
    convolutions = (9 * 1 * 32 + 32) + (9 * 32 * 64 + 64)
    dense = (7 * 7 * 64 * 500 + 500) + (500 * 10 + 10)
    assert semi_supervised_vae().deployable.count_params() == convolutions + dense == 1_592_326


def test_an_image_costs_its_pixels_and_its_latent_variables():
    model = semi_supervised_vae((8, 8, 1), **SMALL)
    pixels, divergence = model.generative([IMAGES, LABELS])
    mean, log_var = (np.array(x) for x in model.generative.get_layer("encoder")([IMAGES, LABELS]))
    drawn = np.array(model.generative.get_layer("decoder")([mean, LABELS]))
    nats = -IMAGES * np.log(drawn) - (1 - IMAGES) * np.log(1 - drawn)
    np.testing.assert_allclose(pixels, nats.sum(axis=(1, 2, 3)), rtol=1e-5)
    kl = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var)
    np.testing.assert_allclose(divergence, kl.sum(axis=1), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_both_sides_see_the_class(part):
    model = semi_supervised_vae((8, 8, 1), **SMALL).generative.get_layer(part)
    given = IMAGES if part == "encoder" else RNG.normal(size=(4, 2)).astype("float32")
    first, second = (
        keras.tree.flatten(model([given, label]))[0] for label in (LABELS, LABELS[::-1])
    )
    assert np.abs(np.array(first) - second).max() > 1e-4


def test_m1_is_a_vae_whose_code_the_classifier_reads():
    model = semi_supervised_vae((8, 8, 1), **SMALL, model="M1+M2")
    predictions, code, pixels, divergence = (np.array(x) for x in model.network(IMAGES))
    mean, log_var = (np.array(x) for x in model.network.get_layer("encoder")(IMAGES))
    drawn = np.array(model.network.get_layer("decoder")(mean))
    nats = -IMAGES * np.log(drawn) - (1 - IMAGES) * np.log(1 - drawn)
    np.testing.assert_array_equal(code, mean)
    np.testing.assert_allclose(pixels, nats.sum(axis=(1, 2, 3)), rtol=1e-5)
    kl = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var)
    np.testing.assert_allclose(divergence, kl.sum(axis=1), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(predictions, model.deployable(IMAGES), rtol=1e-6)


def test_m2_says_what_a_code_of_m1_costs():
    model = semi_supervised_vae((8, 8, 1), **SMALL, model="M1+M2").generative
    code = RNG.normal(size=(4, 2)).astype("float32")
    nats, _ = model([code, LABELS])
    latent = np.array(model.get_layer("encoder")([code, LABELS])[0])
    drawn = np.array(model.get_layer("decoder")([latent, LABELS]))
    mean, log_var = np.split(drawn, 2, axis=-1)
    each = np.log(2 * np.pi) + log_var + (code - mean) ** 2 / np.exp(log_var)
    np.testing.assert_allclose(nats, each.sum(axis=1) / 2, rtol=1e-4)


def test_m1_learns_from_its_own_costs_alone():
    model = semi_supervised_vae((8, 8, 1), **SMALL, model="M1+M2")
    kernel = model.network.get_layer("encoder").get_layer("mean").kernel
    with tf.GradientTape(persistent=True) as tape:
        predictions, code, pixels, _ = model.network(IMAGES)
        nats, _ = model.generative([code, tf.constant(LABELS)])
    assert tape.gradient(predictions, kernel.value) is None
    assert tape.gradient(nats, kernel.value) is None
    assert np.abs(tape.gradient(pixels, kernel.value)).max() > 0


def test_m1_and_m2_train_together_and_survive_a_file(tmp_path):
    model = semi_supervised_vae((8, 8, 1), **SMALL, model="M1+M2")
    model.compile("adam", model.default_loss)
    before = [np.array(variable) for variable in model.trainable_variables]
    model.fit(IMAGES, np.array([0, -1, 2, -1]), verbose=0)
    for variable, old in zip(model.trainable_variables, before, strict=True):
        assert np.abs(np.array(variable) - old).max() > 0, variable.path
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.deployable(IMAGES), model.deployable(IMAGES), rtol=1e-6)


def test_the_classifier_on_codes_has_the_parameters_of_its_layers():
    encoder = (9 * 1 * 32 + 32) + (9 * 32 * 64 + 64) + 2 * (7 * 7 * 64 * 50 + 50)
    dense = (50 * 500 + 500) + (500 * 10 + 10)
    model = semi_supervised_vae(model="M1+M2")
    assert model.deployable.count_params() == encoder + dense == 363_026


def test_other_models_are_refused():
    with pytest.raises(ValueError, match=r"Received: model=M1$"):
        semi_supervised_vae((8, 8, 1), **SMALL, model="M1")


def test_training_draws_from_samples():
    model = semi_supervised_vae((8, 8, 1), **SMALL)
    first, second = (model.generative([IMAGES, LABELS], training=True) for _ in range(2))
    np.testing.assert_array_equal(first[1], second[1])
    assert np.abs(np.array(first[0]) - second[0]).max() > 1e-4


def test_sides_must_halve_twice():
    with pytest.raises(ValueError, match=r"Received: input_shape=\(28, 30, 1\)"):
        semi_supervised_vae((28, 30, 1))
