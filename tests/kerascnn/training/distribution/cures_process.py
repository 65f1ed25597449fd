"""Train the same on one device and on two replicas, as Keras does it and cured."""

import functools
import json

import keras
import numpy as np
import tensorflow as tf
from keras import layers, optimizers

from kerascnn import create_model
from kerascnn.losses import GaussianKL, Triplet, bernoulli_nats
from kerascnn.registry import get_system
from kerascnn.training import Restorer
from kerascnn.training.distribution import cures

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
ONE, TWO = tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
RNG = np.random.default_rng(0)
X = RNG.normal(size=(23, 6)).astype("float32")
Y = RNG.integers(0, 3, 23)
MINED = Triplet(distance="squared")
ENDS = "convolutions without an example"  # what Keras by itself leaves can train no more


def classifier(*more):
    inputs = keras.Input((6,))
    x = layers.Dense(5, activation="tanh")(inputs)
    for layer in more:
        x = layer()(x)
    return keras.Model(inputs, layers.Dense(3)(x))


def fit(strategy, *more, count=20, optimizer=None, loss=None, **options):
    """Train, and give all weights and logs as numbers."""
    keras.utils.set_random_seed(0)
    optimizer = optimizer or (lambda: optimizers.SGD(0.5))
    loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    with strategy.scope():
        model = classifier(*more)
        model.compile(optimizer(), loss, **options)
    history = model.fit(X[:count], Y[:count], batch_size=4, shuffle=False, verbose=0).history
    weights = [weight.ravel() for weight in model.get_weights()]
    return np.concatenate([*weights, *history.values()])


def clipped(**options):
    return {"optimizer": lambda: optimizers.SGD(0.5, momentum=0.9, **options)}


def normalized():
    return layers.BatchNormalization(synchronized=True)


def autoencode(strategy):
    """Train a variational autoencoder, whose noise is the same everywhere, on uneven batches."""
    keras.utils.set_random_seed(0)
    honest, keras.random.normal = keras.random.normal, lambda shape, **_: keras.ops.full(shape, 0.5)
    try:
        with strategy.scope():
            model = create_model("vae", **get_system("vae").tiny)
            costs = {"reconstruction": bernoulli_nats, "posterior": GaussianKL()}
            model.compile(optimizers.SGD(0.01), costs)
        images = np.random.default_rng(0).uniform(size=(7, 8, 8, 1)).astype("float32")
        targets = {"reconstruction": images, "posterior": np.zeros((7, 1))}
        history = model.fit(images, targets, batch_size=4, shuffle=False, verbose=0).history
    finally:
        keras.random.normal = honest
    # Keras weighs batches, not examples, in the loss of each output, on one device too.
    return np.concatenate([*(one.ravel() for one in model.get_weights()), history["loss"]])


def convolve(strategy):
    """Train convolutions, which crash on no example, on a last batch of one."""
    keras.utils.set_random_seed(0)
    with strategy.scope():
        convolution = layers.Conv2D(3, 3, use_bias=False)
        network = [keras.Input((6, 6, 1)), convolution, layers.MaxPooling2D()]
        network += [layers.BatchNormalization(synchronized=True), layers.Flatten(), layers.Dense(3)]
        model, features = keras.Sequential(network), keras.Sequential(network[:2])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("sgd", loss, metrics=["accuracy"])
    images = np.random.default_rng(0).normal(size=(9, 6, 6, 1)).astype("float32")
    data = images, np.arange(9) % 3
    history = model.fit(*data, batch_size=4, shuffle=False, validation_data=data, verbose=0).history
    weights = [weight.ravel() for weight in model.get_weights()]
    predicted = [
        each.predict(images, batch_size=4, verbose=0).ravel() for each in (model, features)
    ]
    return np.concatenate([*weights, *history.values(), *predicted])


def restore(strategy):
    """Train with a step of the model's own, on images that it shrinks."""
    keras.utils.set_random_seed(0)
    with strategy.scope():
        shrunk = keras.Input((4, 4, 1))
        restored = layers.Conv2DTranspose(1, 4, strides=2, padding="same")(shrunk)
        model = Restorer(keras.Model(shrunk, restored), shrink=2)
        model.compile(optimizers.SGD(0.1, momentum=0.9), "mse")
    images = np.random.default_rng(0).uniform(size=(7, 8, 8, 1)).astype("float32")
    history = model.fit(images, batch_size=4, shuffle=False, verbose=0).history
    return np.concatenate([*(one.ravel() for one in model.get_weights()), history["loss"]])


SCENARIOS = {
    "whole batches": {},
    "a smaller last batch": {"count": 23},
    "a replica without an example": {"count": 21},
    "synchronised batch normalisation": {"more": [normalized]},
    "a first batch that does not divide": {"count": 3},
    "triplets mined in the whole batch": {"count": 23, "loss": MINED},
    "a variational autoencoder": {"train": autoencode},
    ENDS: {"train": convolve},
    "a step of the model's own": {"train": restore},
    "clipped by norm": clipped(clipnorm=0.1),
    "clipped by global norm": clipped(global_clipnorm=0.1),
    "clipped by value": clipped(clipvalue=0.01),
    "scaled loss": {
        "optimizer": lambda: optimizers.LossScaleOptimizer(
            optimizers.SGD(0.5, global_clipnorm=0.1), initial_scale=64.0
        )
    },
    "three steps an execution": {"steps_per_execution": 3},
    "eight steps an execution": {"steps_per_execution": 8},
    "XLA": {"jit_compile": True},
    "accumulated gradients": {
        "optimizer": lambda: optimizers.SGD(0.5, gradient_accumulation_steps=2)
    },
}


@functools.cache
def alone(scenario):
    """Train on one device as Keras does it, once for both reports."""
    return trained(ONE, scenario)


def trained(strategy, scenario):
    options = dict(SCENARIOS[scenario])
    train, more = options.pop("train", fit), options.pop("more", ())
    return train(strategy, *more, **options)


def apart(scenario):
    """Give the largest difference, or what error two replicas end with."""
    try:
        two = trained(TWO, scenario)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    difference = float(np.abs(alone(scenario) - two).max())
    return difference if np.isfinite(difference) else "not finite"


def noise():
    """Give how much the noise of two replicas differs."""
    with TWO.scope():
        dropout = layers.Dropout(0.5, seed=1)
        normal = keras.random.SeedGenerator(1)
    ones = np.ones((1, 500), "float32")

    def draw():
        return dropout(ones, training=True), keras.random.normal((9,), seed=normal)

    drawn = TWO.run(draw)
    both = [TWO.experimental_local_results(one) for one in drawn]
    return [float(np.abs(first - second).max()) for first, second in both]


def infinite_gradient():
    """Give the weights after a gradient of the second replica that is not finite, and the scale."""
    keras.utils.set_random_seed(0)
    with TWO.scope():
        model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
        model.compile(
            optimizers.LossScaleOptimizer(optimizers.SGD(0.1), initial_scale=1024.0), "mse"
        )
    model.fit(np.array([[1.0], [np.inf]], "float32"), np.ones((2, 1)), batch_size=2, verbose=0)
    finite = bool(np.isfinite(np.concatenate([w.ravel() for w in model.get_weights()])).all())
    return {"finite": finite, "scale": float(model.optimizer.dynamic_scale.numpy())}


def error(make):
    """Give what is said where a model or its optimizer was made outside of the scope."""
    try:
        with TWO.scope():
            model, optimizer = make()
            model.compile(optimizer, "mse")
            model.fit(X, np.eye(3)[Y], verbose=0)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


MADE_OUTSIDE = classifier()
OPTIMIZER_MADE_OUTSIDE = optimizers.SGD()


def report(scenarios):
    return {
        **{scenario: apart(scenario) for scenario in scenarios},
        "noise": noise(),
        "infinite gradient": infinite_gradient(),
        "built outside": error(lambda: (MADE_OUTSIDE, "sgd")),
        "optimizer made outside": error(lambda: (classifier(), OPTIMIZER_MADE_OUTSIDE)),
    }


stock = report([scenario for scenario in SCENARIOS if scenario != ENDS])
cures.cure()
same = bool((trained(ONE, "scaled loss") == alone("scaled loss")).all())
cured = {**report(SCENARIOS), "one device is the same": same}
print(json.dumps({"stock": stock, "cured": cured}))
