"""Prunes and clusters on two replicas; prints what they hold as JSON. A process of its own."""

import json

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from kerascnn import export

CPU = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(CPU, [tf.config.LogicalDeviceConfiguration()] * 2)
GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.normal(size=(64, 6, 6, 4)).astype("float32")
LABELS = GENERATOR.integers(0, 10, 64)


def train(scope, make):
    with scope:
        keras.utils.set_random_seed(0)
        model = keras.Sequential(
            [
                layers.Input((6, 6, 4)),
                layers.Conv2D(8, 3, activation="relu", name="conv"),
                layers.Flatten(),
                layers.Dense(10),
            ]
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss)
    model.fit(
        IMAGES, LABELS, batch_size=16, epochs=2, shuffle=False, verbose=0, callbacks=[make(model)]
    )
    return model.get_layer("conv").kernel


def compare(make):
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    kernel = train(strategy.scope(), make)
    held = [part.numpy() for part in strategy.experimental_local_results(kernel.value)]
    alone = np.array(train(tf.distribute.get_strategy().scope(), make))
    return {
        "replicas": len(held),
        "apart": float(np.abs(held[0] - held[1]).max()),
        "from_one_device": float(np.abs(held[0] - alone).max()),
        "zeros": float(np.mean(held[0] == 0)),
        "values": len(np.unique(held[0])),
    }


SCHEDULE = export.PolynomialSparsity(0.5, end=6, every=2)
print(
    json.dumps(
        {
            "pruned": compare(lambda model: export.prune(model, SCHEDULE)),
            "clustered": compare(lambda model: export.cluster(model, 8, initializer="linear")),
        }
    )
)
