"""One of several workers: trains into a folder, and kills itself in the third epoch if asked."""

import os
import signal
import sys
from pathlib import Path

import keras
import numpy as np

from kerascnn import data
from kerascnn.tasks import get_task, train
from kerascnn.training import WorkerLostError, strategy, synchronize_normalization
from kerascnn.training.distribution import worker_folder, worker_number


class Kill(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == (2, 1):
            os.kill(os.getpid(), signal.SIGKILL)


def classifier():
    image = keras.Input((8, 8, 1))
    x = keras.layers.Dense(8, activation="relu")(keras.layers.Flatten()(image))
    x = keras.layers.Dropout(0.5)(keras.layers.BatchNormalization()(x))
    return keras.Model(image, keras.layers.Dense(3, activation="softmax")(x))


folder, dropout, way, *killed = sys.argv[1:]
folder = Path(folder)
chosen = strategy("auto")
dataset = data.load(os.environ["DATA"])
keras.utils.set_random_seed(0)
with chosen.scope():
    model = classifier()
synchronize_normalization(model)
model.layers[-2].rate = float(dropout)
doomed = str(worker_number(chosen)) in killed
try:
    train(
        model,
        get_task("classification"),
        dataset,
        folder,
        epochs=4,
        batch_size=8,
        resume=way == "resume",
        callbacks=[Kill()] if doomed else [],
    )
except WorkerLostError as error:
    print(error)
    sys.exit(3)
np.savez(worker_folder(folder, chosen) / "weights.npz", *map(np.asarray, model.get_weights()))
