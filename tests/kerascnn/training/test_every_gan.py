"""Every GAN of the registry on two replicas, and compiled by XLA."""

import json
import subprocess
import sys

import pytest

from kerascnn import registry

NAMES = registry.list_models(task="generation")
RUN = """
import json, sys
import keras, numpy as np, tensorflow as tf
from kerascnn import registry

way, *names = sys.argv[1:]
if way == "replicas":
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
else:
    strategy = tf.distribute.get_strategy()
rng, report = np.random.default_rng(0), {}
for name in names:
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    system = registry.get_system(name)
    options = {**system.variants.get(name, {}), **system.tiny}
    with strategy.scope():
        gan = registry.create_model(name, **options)
        gan.compile(jit_compile=way == "xla")
    before = [np.array(w) for w in gan.generator.trainable_weights]
    images = rng.uniform(-1, 1, (12, *options["input_shape"])).astype("float32")
    labels = np.arange(12) % 3 if gan.needs_labels else None
    history = gan.fit(images, labels, batch_size=4, verbose=0).history
    moved = [
        not np.array_equal(old, new)
        for old, new in zip(before, gan.generator.trainable_weights, strict=True)
    ]
    report[name] = bool(np.isfinite([*history.values()]).all() and all(moved))
print(json.dumps(report))
"""


@pytest.fixture(scope="module", params=["replicas", "xla"])
def report(request):
    command = [sys.executable, "-c", RUN, request.param, *NAMES]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_it_trains(report, name):
    assert report[name]
