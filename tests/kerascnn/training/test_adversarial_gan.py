import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers

from kerascnn.training import GAN

RNG = np.random.default_rng(0)
RELOAD = """
import sys
import keras, numpy as np
import kerascnn.training
gan = keras.saving.load_model(sys.argv[1])
gan.fit(np.load(sys.argv[2]), batch_size=4, shuffle=False, verbose=0)
np.savez(sys.argv[3], *gan.get_weights())
"""


def networks():
    """A generator and a discriminator of numbers, with two latent variables."""
    latent, number = keras.Input((2,)), keras.Input((1,))
    x = layers.BatchNormalization(momentum=0.5)(layers.Dense(3, use_bias=False)(latent))
    generator = keras.Model(latent, layers.Dense(1, dtype="float32")(x))
    x = layers.Dense(4, activation="tanh")(number)
    return generator, keras.Model(number, layers.Dense(1, dtype="float32")(x))


class Given(GAN):
    """Takes the labels for latent variables: XLA draws other numbers of the same seed."""

    def discriminator_loss(self, real, labels, latents, training=True):
        return super().discriminator_loss(real, labels, labels, training=training)

    def generator_loss(self, real, labels, latents, training=True):
        return super().generator_loss(real, labels, labels, training=training)


def build(scheme=GAN, **options):
    keras.utils.set_random_seed(0)
    gan = scheme(*networks(), seed=1, **options)
    gan.compile(jit_compile=False)
    return gan


def numbers(count):
    return np.random.default_rng(1).normal(3.0, 0.5, (count, 1)).astype("float32")


def fit(gan, count=12, epochs=1):
    labels = np.random.default_rng(2).normal(size=(count, 2)).astype("float32")
    data = {"x": numbers(count), "y": labels, "batch_size": 4, "shuffle": False}
    return gan.fit(**data, epochs=epochs, verbose=0).history


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Scripted(GAN):
    """Takes its latent variables from a list."""

    def latents(self, count):
        return keras.ops.convert_to_tensor(self.script.pop(0))


@pytest.mark.parametrize("loss", ["non_saturating", "minimax"])
@pytest.mark.parametrize("steps", [1, 3])
def test_a_step_follows_the_gradients_of_both_players(loss, steps):
    def linear():
        number = keras.Input((1,))
        return keras.Model(number, layers.Dense(1, use_bias=False)(number))

    gan = Scripted(linear(), linear(), loss=loss, discriminator_steps=steps)
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.2), run_eagerly=True)
    gan.generator.set_weights([np.array([[0.7]])])
    gan.discriminator.set_weights([np.array([[-0.4]])])
    real = RNG.normal(size=(5, 1)).astype("float32")
    latents = RNG.normal(size=(steps + 1, 5, 1)).astype("float32")
    gan.script = list(latents)
    logs = gan.train_on_batch(real, return_dict=True)

    w, v, d_losses = 0.7, -0.4, []
    for z in latents[:-1]:
        d_losses.append(np.mean(-np.log(sigmoid(v * real)) - np.log(1 - sigmoid(v * w * z))))
        v -= 0.2 * np.mean((sigmoid(v * real) - 1) * real + sigmoid(v * w * z) * w * z)
    z = latents[-1]
    if loss == "minimax":
        g_loss, slope = np.log(1 - sigmoid(v * w * z)), -sigmoid(v * w * z) * v * z
    else:
        g_loss, slope = -np.log(sigmoid(v * w * z)), (sigmoid(v * w * z) - 1) * v * z
    np.testing.assert_allclose(gan.discriminator.get_weights()[0], [[v]], rtol=1e-5)
    np.testing.assert_allclose(
        gan.generator.get_weights()[0], [[w - 0.1 * np.mean(slope)]], rtol=1e-5
    )
    np.testing.assert_allclose(logs["discriminator_loss"], np.mean(d_losses), rtol=1e-5)
    np.testing.assert_allclose(logs["generator_loss"], np.mean(g_loss), rtol=1e-5)


def test_labels_reach_the_hooks():
    seen = []

    class Conditional(GAN):
        def discriminator_loss(self, real, labels, latents, training=True):
            seen.append((real.shape[-1], labels.shape[-1], latents.shape[-1]))
            return super().discriminator_loss(real, labels, latents, training=training)

    gan = Conditional(*networks())
    gan.compile(run_eagerly=True)
    gan.fit(numbers(4), np.zeros((4, 7)), batch_size=4, verbose=0)
    assert seen == [(1, 7, 2)]


def test_the_generator_learns_where_the_data_is():
    gan = build(optimizer=keras.optimizers.Adam(0.01, beta_1=0.5))
    gan.fit(numbers(256), batch_size=32, epochs=40, verbose=0)
    samples = gan.predict(RNG.normal(size=(500, 2)), verbose=0)
    assert abs(samples.mean() - 3.0) < 0.5


def test_evaluation_reports_both_losses_and_changes_nothing():
    gan = build()
    before = gan.get_weights()
    logs = gan.evaluate(numbers(8), batch_size=4, verbose=0, return_dict=True)
    assert sorted(logs) == ["discriminator_loss", "generator_loss"]
    for old, new in zip(before, gan.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_history_holds_the_losses_also_of_the_validation_data():
    gan = build()
    history = gan.fit(numbers(4), validation_data=(numbers(4),), verbose=0).history
    names = ["discriminator_loss", "generator_loss"]
    assert sorted(history) == sorted([*names, *(f"val_{name}" for name in names)])


def test_a_last_batch_of_one_leaves_everything_finite():
    gan = build(ema_decay=0.9)
    history = fit(gan, count=5)
    assert np.isfinite([*history.values()]).all()
    assert all(np.isfinite(weight).all() for weight in gan.get_weights())


def test_the_average_follows_weights_and_moving_statistics():
    gan = build(ema_decay=0.75)
    expected = gan.generator.get_weights()
    for _ in range(3):
        fit(gan, count=4)
        weights = gan.generator.get_weights()
        expected = [0.75 * e + 0.25 * w for e, w in zip(expected, weights, strict=True)]
    assert gan.deployable is gan.average
    assert not gan.average.trainable_variables
    for value, average, weight in zip(
        expected, gan.average.get_weights(), gan.generator.get_weights(), strict=True
    ):
        np.testing.assert_allclose(average, value, rtol=1e-5, atol=1e-7)
        assert np.abs(average - weight).max() > 1e-6


@pytest.mark.parametrize("ema_decay", [None, 0.5])
def test_calling_it_runs_what_is_deployed(ema_decay):
    gan = build(ema_decay=ema_decay)
    fit(gan)
    latents = RNG.normal(size=(3, 2)).astype("float32")
    expected = (gan.average or gan.generator)(latents, training=False)
    np.testing.assert_array_equal(gan(latents, training=False), expected)
    np.testing.assert_allclose(gan.predict(latents, verbose=0), expected, rtol=1e-6)


@pytest.mark.parametrize("parts", [2, 3, 4])
def test_a_batch_in_parts_gives_the_same_update(parts):
    def linear(inputs):
        number = keras.Input((inputs,))
        return keras.Model(number, layers.Dense(1)(layers.Dense(3, activation="tanh")(number)))

    weights = []
    for accumulation_steps in (1, parts):
        keras.utils.set_random_seed(0)
        gan = Given(linear(2), linear(1), accumulation_steps=accumulation_steps)
        gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
        history = fit(gan, count=9)  # batches of 4, 4 and 1: some parts are empty
        weights.append([*gan.get_weights(), *history.values()])
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_xla_gives_the_same_weights():
    graph, xla = build(Given, ema_decay=0.9), build(Given, ema_decay=0.9)
    for gan, jit_compile in ((graph, False), (xla, True)):
        optimizers = keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)
        gan.compile(*optimizers, jit_compile=jit_compile)
        fit(gan, count=13)
    for a, b in zip(graph.get_weights(), xla.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_half_precision_scales_the_loss_of_both_optimizers(jit_compile):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        half = build(Given)
    finally:
        keras.config.set_dtype_policy("float32")
    half.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1), jit_compile=jit_compile)
    full = build(Given)
    full.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    full.set_weights(half.get_weights())
    before = half.get_weights()
    for gan in (half, full):
        fit(gan)
    for optimizer in (half.generator_optimizer, half.discriminator_optimizer):
        assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
    moved = [np.abs(a - b).max() for a, b in zip(before, half.get_weights(), strict=True)]
    assert min(moved) > 1e-6
    for a, b in zip(half.get_weights(), full.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=5e-3)


def test_a_saved_gan_goes_on_in_a_fresh_process_as_if_it_had_not_stopped(tmp_path):
    gan = build(ema_decay=0.9, discriminator_steps=2)
    fit(gan)
    paths = [str(tmp_path / name) for name in ("gan.keras", "numbers.npy", "weights.npz")]
    gan.save(paths[0])
    np.save(paths[1], numbers(12))
    subprocess.run([sys.executable, "-c", RELOAD, *paths], check=True, capture_output=True)
    fit(gan)
    with np.load(paths[2]) as archive:
        for a, b in zip(archive.values(), gan.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "optimizer",
    [
        "sgd",
        {"class_name": "Adam", "config": {"learning_rate": 2e-4, "beta_1": 0.5}},
        {"class_name": "adam", "config": {"learning_rate": 2e-4}},
        keras.optimizers.RMSprop(0.3),
    ],
    ids=["name", "configuration", "lower_case", "optimizer"],
)
def test_a_trained_gan_is_saved_with_its_optimizer_whatever_it_was_given_as(optimizer, tmp_path):
    gan = build(optimizer=optimizer)
    before = [keras.optimizers.serialize(one) for one in gan.new_optimizers()]
    fit(gan)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.saving.load_model(tmp_path / "gan.keras")
    after = [keras.optimizers.serialize(one) for one in loaded.new_optimizers()]
    for one in (*before, *after):
        assert one["config"]["learning_rate"] == before[0]["config"]["learning_rate"]
        assert one["class_name"] == before[0]["class_name"]


def test_saved_weights_hold_the_optimizers_and_the_random_state(tmp_path):
    straight, resumed = build(ema_decay=0.9), build(ema_decay=0.9)
    fit(straight)
    straight.save_weights(tmp_path / "gan.weights.h5")
    resumed.load_weights(tmp_path / "gan.weights.h5")
    fit(straight)
    fit(resumed)
    for a, b in zip(straight.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_interrupted_fit_is_resumed_from_its_backup(tmp_path):
    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    def backup():
        return keras.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)

    straight = build()
    fit(straight, epochs=4)
    options = {"batch_size": 4, "epochs": 4, "shuffle": False, "verbose": 0}
    with pytest.raises(KeyboardInterrupt):
        build().fit(numbers(12), callbacks=[backup(), Interrupt()], **options)
    resumed = build()
    resumed.fit(numbers(12), callbacks=[backup()], **options)
    for a, b in zip(straight.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_every_argument_survives_its_configuration():
    arguments = {
        "loss": "wasserstein",
        "loss_options": {"drift": 0.1},
        "gradient_penalty": 10.0,
        "discriminator_steps": 2,
        "ema_decay": 0.9,
        "seed": 3,
        "name": "mine",
    }
    gan = GAN(*networks(), optimizer=keras.optimizers.SGD(0.3), **arguments)
    loaded = GAN.from_config(gan.get_config())
    config = loaded.get_config()
    assert {name: config[name] for name in arguments} == arguments
    loaded.compile()
    np.testing.assert_allclose(float(loaded.generator_optimizer.learning_rate), 0.3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"loss": "none"},
        {"gradient_penalty": -1.0},
        {"discriminator_steps": 0},
        {"ema_decay": 1.0},
        {"ema_decay": 0.0},
    ],
    ids=str,
)
def test_wrong_arguments_are_refused(wrong):
    with pytest.raises(ValueError, match=rf"Received: {next(iter(wrong))}="):
        GAN(*networks(), **wrong)


def test_options_reach_the_losses():
    plain = GAN(*networks(), loss="energy")
    strict = GAN(plain.generator, plain.discriminator, loss="energy", loss_options={"margin": 99.0})
    batch = numbers(4), None, np.zeros((4, 2), "float32")
    losses = [np.array(gan.discriminator_loss(*batch)) for gan in (plain, strict)]
    np.testing.assert_allclose(losses[1] - losses[0], 89.0, rtol=1e-5)


def test_one_optimizer_for_both_networks_is_refused():
    optimizer = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="optimizer of its own"):
        build().compile(optimizer, optimizer)
