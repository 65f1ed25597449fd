"""A run that is killed in the middle of an epoch, and gone on with in another process."""

import signal
import subprocess
import sys

import numpy as np
import pytest

RUN = """
import os, signal, sys
import keras, numpy as np
from kerascnn import create_model, data
from kerascnn.registry import get_system
from kerascnn.tasks import get_task, train


class Kill(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == (2, 1):
            os.kill(os.getpid(), signal.SIGKILL)


folder, way = sys.argv[1:]
keras.utils.set_random_seed(0)
images = np.random.default_rng(0).uniform(size=(60, 8, 8, 1)).astype("float32")
model = create_model("progressive_gan", **{**get_system("progressive_gan").tiny, "phase_steps": 4})
train(
    model,
    get_task("generation"),
    data.from_arrays("mine", images),
    folder,
    epochs=4,
    batch_size=8,
    resume=way == "resume",
    callbacks=[Kill()] if way == "kill" else [],
)
weights = [*model.get_weights(), model.generator_optimizer.iterations]
np.savez(folder + "/weights.npz", *map(np.asarray, weights))
"""


def run(folder, way):
    command = [sys.executable, "-c", RUN, str(folder), way]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.slow
def test_a_killed_gan_ends_with_the_weights_of_an_undisturbed_one(tmp_path):
    killed = run(tmp_path / "killed", "kill")
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]
    assert not (tmp_path / "killed/weights.npz").exists()
    for folder, way in (("killed", "resume"), ("whole", "train")):
        done = run(tmp_path / folder, way)
        assert done.returncode == 0, done.stderr[-2000:]
    with (
        np.load(tmp_path / "killed/weights.npz") as resumed,
        np.load(tmp_path / "whole/weights.npz") as whole,
    ):
        assert len(resumed) == len(whole) > 20
        for name in whole:
            np.testing.assert_array_equal(resumed[name], whole[name])  # to the last bit


STATE = """
import os, resource, signal, sys
import keras, numpy as np
from kerascnn import data
from kerascnn.tasks import get_task, train

folder, way = sys.argv[1:]
keras.utils.set_random_seed(0)
image = keras.Input((8, 8, 1))
x = keras.layers.Dense(64, activation="relu")(keras.layers.Flatten()(image))
model = keras.Model(image, keras.layers.Dense(3, activation="softmax")(x))
honest, written = keras.Model.save_weights, 0


def save_weights(self, filepath, *args, **kwargs):
    global written
    written += 1  # the state before the first epoch is the first
    if written == 4 and way == "full":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that writing fails, as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    honest(self, filepath, *args, **kwargs)
    if written == 4 and way == "kill":
        os.truncate(filepath, os.path.getsize(filepath) // 2)
        os.kill(os.getpid(), signal.SIGKILL)


keras.Model.save_weights = save_weights
images = np.random.default_rng(0).uniform(size=(60, 8, 8, 1)).astype("float32")
train(
    model,
    get_task("classification"),
    data.from_arrays("mine", images, np.arange(60) % 3),
    folder,
    epochs=4,
    batch_size=8,
    resume=way == "resume",
)
np.savez(folder + "/weights.npz", *map(np.asarray, model.get_weights()))
"""


@pytest.mark.slow
@pytest.mark.parametrize("way", ["kill", "full"])
def test_a_state_that_is_half_written_costs_one_epoch_and_nothing_else(tmp_path, way):
    def state(folder, way):
        command = [sys.executable, "-c", STATE, str(folder), way]
        return subprocess.run(command, capture_output=True, text=True)

    broken = state(tmp_path / "broken", way)
    assert broken.returncode != 0
    assert ("File too large" in broken.stderr) == (way == "full"), broken.stderr[-2000:]
    for folder, then in (("broken", "resume"), ("whole", "train")):
        done = state(tmp_path / folder, then)
        assert done.returncode == 0, done.stderr[-2000:]
    with (
        np.load(tmp_path / "broken/weights.npz") as resumed,
        np.load(tmp_path / "whole/weights.npz") as whole,
    ):
        for name in whole:
            np.testing.assert_array_equal(resumed[name], whole[name])
