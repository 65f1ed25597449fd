"""Two replicas on one processor, in a process of their own: devices are set before the start."""

import json
import subprocess
import sys

import pytest

RUN = """
import json, sys
import keras, numpy as np, tensorflow as tf
import kerascnn
from kerascnn.training import GAN
from keras import layers

# Rewriting the graphs for speed takes longer than these few steps.
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)


class Scripted(GAN):
    # The latent variables are the labels, so that all runs have the same ones.
    def discriminator_loss(self, real, labels, latents, training=True):
        return super().discriminator_loss(real, labels, labels, training=training)

    def generator_loss(self, real, labels, latents, training=True):
        return super().generator_loss(real, labels, labels, training=training)


def network(inputs, outputs):
    x = keras.Input((inputs,))
    return keras.Model(x, layers.Dense(outputs)(layers.Dense(5, activation="tanh")(x)))


def linear(inputs, outputs):
    # Its slope is the same everywhere, also where replicas look at other places.
    x = keras.Input((inputs,))
    return keras.Model(x, layers.Dense(outputs)(x))


def train(strategy, count, critic=network, **options):
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    real, latents = rng.normal(1, 1, (count, 3)), rng.normal(size=(count, 2))
    with strategy.scope():
        gan = Scripted(
            network(2, 3), critic(3, 1), ema_decay=0.5, discriminator_steps=2, **options
        )
        gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    history = gan.fit(
        real.astype("float32"), latents.astype("float32"), batch_size=4, shuffle=False, verbose=0
    ).history
    return [v[0] for v in history.values()], gan.get_weights()


def difference(count, *options, **named):
    strategies = tf.distribute.get_strategy(), mirrored
    runs = [train(strategy, count, *options, **named) for strategy in strategies]
    losses = np.abs(np.subtract(runs[0][0], runs[1][0])).max()
    pairs = zip(runs[0][1], runs[1][1], strict=True)
    return [float(losses), float(max(np.abs(a - b).max() for a, b in pairs))]


mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
report = {"whole": difference(8), "uneven": difference(11), "empty": difference(9)}
report["parts"] = difference(11, accumulation_steps=2)
report["penalty"] = difference(11, linear, loss="wasserstein", gradient_penalty=10.0)
with mirrored.scope():
    gan = kerascnn.create_model(
        "dcgan", input_shape=(16, 16, 1), latent_dim=4, filters=4, ema_decay=0.9
    )
    gan.compile()
latents = mirrored.experimental_local_results(mirrored.run(lambda: gan.latents(2)))
report["latents"] = float(np.abs(latents[0] - latents[1]).max())
images = np.random.default_rng(0).uniform(-1, 1, (9, 16, 16, 1)).astype("float32")
history = gan.fit(images[:8], batch_size=4, verbose=0).history
kerascnn.training.strategy("mirrored")  # puts Keras right, which crashes on no example
with mirrored.scope():
    gan.compile()
history |= {"one left over": gan.fit(images, batch_size=4, verbose=0).history["generator_loss"]}
report["finite"] = bool(np.isfinite([*history.values()]).all())
print(json.dumps(report))
"""


@pytest.fixture(scope="module")
def report():
    done = subprocess.run([sys.executable, "-c", RUN], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("batches", ["whole", "uneven", "empty", "parts", "penalty"])
def test_two_replicas_train_as_one(report, batches):
    losses, weights = report[batches]
    assert losses < 1e-5
    assert weights < 1e-6


def test_replicas_draw_different_latents(report):
    assert report["latents"] > 0.1


def test_dcgan_trains_on_two_replicas(report):
    assert report["finite"]
