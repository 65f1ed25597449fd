"""Losses of a global batch on two replicas, in a process of their own: devices come first."""

import json
import subprocess
import sys

import pytest

RUN = """
import json
import keras, numpy as np, tensorflow as tf
from kerascnn.losses import Contrastive, Triplet

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
mirrored = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
rng = np.random.default_rng(0)
images, labels = rng.normal(size=(18, 5)).astype("float32"), np.arange(18) % 3


def train(strategy, count, weights=None, kind=Triplet, **options):
    keras.utils.set_random_seed(0)
    with strategy.scope():
        model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])
        model.compile(keras.optimizers.SGD(0.1), loss=kind(**options))
    history = model.fit(
        images[:count], labels[:count], 6, sample_weight=weights, shuffle=False, verbose=0
    ).history
    return model.get_weights()[0], history["loss"][0]


def difference(count, **options):
    runs = [train(s, count, **options) for s in (tf.distribute.get_strategy(), mirrored)]
    return [float(np.abs(a - b).max()) for a, b in zip(*runs)]


print(json.dumps({
    "all": difference(12, mining="all", margin=1.0),
    "semi_hard": difference(12),
    "contrastive": difference(12, kind=Contrastive, margin=3.0),
    "uneven": difference(17, mining="all", margin=1.0),
    "empty": difference(13, mining="all", margin=1.0),
    "weighted sum": difference(
        12, weights=np.linspace(0.1, 2.0, 12), mining="all", margin=1.0, reduction="sum"
    ),
    "apart": difference(12, mining="all", margin=1.0, across_replicas=False),
}))
"""


@pytest.fixture(scope="module")
def report():
    done = subprocess.run([sys.executable, "-c", RUN], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    "run", ["all", "semi_hard", "contrastive", "uneven", "empty", "weighted sum"]
)
def test_two_replicas_compute_the_loss_of_one_device(report, run):
    weights, loss = report[run]
    assert weights < 1e-6
    assert loss < 1e-5


def test_replicas_that_mine_alone_compute_another_one(report):
    weights, _ = report["apart"]
    assert weights > 1e-4
