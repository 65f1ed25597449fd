"""What a run keeps besides its last state: the best model, and logs."""

import importlib.util

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn import data
from kerascnn.registry import create_model, get_system
from kerascnn.tasks import get_task, train
from kerascnn.tasks.compiling import compile_model
from kerascnn.tasks.history import read_history

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(size=(60, 8, 8, 1)).astype("float32")
DATASET = data.from_arrays("mine", IMAGES, np.arange(60) % 3)


def classifier():
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 1))
    x = keras.layers.Flatten()(image)
    return keras.Model(image, keras.layers.Dense(3, activation="softmax")(x))


class Spoil(keras.callbacks.Callback):
    """Makes the model say the same of everything, from an epoch on."""

    def __init__(self, epoch):
        super().__init__()
        self.first = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch >= self.first:
            self.model.layers[-1].bias.assign([50.0, 0.0, -50.0])


def fit(folder, **options):
    settings = {"batch_size": 8, "keep_best": True, **options}
    return train(classifier(), get_task("classification"), DATASET, folder, **settings)


def held_out_loss(path):
    model = keras.saving.load_model(path)
    held = data.arrays(DATASET.validation)
    return model.evaluate(held["image"], held["label"], verbose=0)[0]


def test_the_best_epoch_is_kept_beside_the_last(tmp_path):
    losses = fit(tmp_path, epochs=4, callbacks=[Spoil(2)])["val_loss"]
    assert max(losses[:2]) < 5 < min(losses[2:])
    np.testing.assert_allclose(held_out_loss(tmp_path / "best.keras"), min(losses), rtol=1e-4)
    np.testing.assert_allclose(held_out_loss(tmp_path / "model.keras"), losses[-1], rtol=1e-4)


def test_a_resumed_run_knows_its_best(tmp_path):
    fit(tmp_path, epochs=2)
    before = (tmp_path / "best.keras").read_bytes()
    fit(tmp_path, epochs=3, resume=True, callbacks=[Spoil(2)])
    assert (tmp_path / "best.keras").read_bytes() == before
    fit(tmp_path, epochs=1)
    assert (tmp_path / "best.keras").read_bytes() != before  # of a run that began anew


def test_a_loss_that_does_not_tell_is_refused_before_anything_is_lost(tmp_path):
    (tmp_path / "history.csv").write_text("epoch,loss\n1,2.0\n")
    system = get_system("dcgan")
    gan = create_model("dcgan", **{**system.tiny, "input_shape": (8, 8, 1)})
    with pytest.raises(ValueError, match=r"does not say which epoch is best.*keep_best=True"):
        train(gan, get_task("generation"), DATASET, tmp_path, epochs=1, keep_best=True)
    assert read_history(tmp_path / "history.csv") == {"loss": [2.0]}


def test_tensorboard_gets_numbers_and_pictures(tmp_path):
    system = get_system("dcgan")
    gan = create_model("dcgan", **{**system.tiny, "input_shape": (8, 8, 1)})
    task = get_task("generation")
    train(gan, task, DATASET, tmp_path, epochs=2, batch_size=16, tensorboard=True)
    (path,) = (tmp_path / "tensorboard" / "train").glob("events*")
    tags = [
        (value.tag, event.step)
        for event in map(
            tf.compat.v1.Event.FromString, tf.data.TFRecordDataset(str(path)).as_numpy_iterator()
        )
        for value in event.summary.value
    ]
    assert {("samples", 0), ("samples", 1), ("epoch_generator_loss", 1)} <= set(tags)


def test_without_its_package_tensorboard_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match=r"kerascnn\[tensorboard\]"):
        fit(tmp_path, epochs=1, tensorboard=True)


def test_gradients_of_two_batches_make_one_change(tmp_path):
    model = classifier()
    options = {"epochs": 1, "learning_rate": 0.1, "steps_per_execution": 1, "xla": False}
    compile_model(model, get_task("classification"), accumulation_steps=2, **options)
    start = model.get_weights()
    model.train_on_batch(IMAGES[:4], np.arange(4) % 3)
    for now, before in zip(model.get_weights(), start, strict=True):
        np.testing.assert_array_equal(now, before)
    model.train_on_batch(IMAGES[4:8], np.arange(4) % 3)
    assert not np.array_equal(model.get_weights()[0], start[0])


def test_optimizers_of_several_networks_are_not_told_to_accumulate(tmp_path):
    system = get_system("dcgan")
    gan = create_model("dcgan", **{**system.tiny, "input_shape": (8, 8, 1)})
    with pytest.raises(ValueError, match="build it with accumulation_steps"):
        train(gan, get_task("generation"), DATASET, tmp_path, epochs=1, accumulation_steps=2)


def test_a_step_that_xla_compiles_gives_the_same(tmp_path):
    first = fit(tmp_path / "graph", epochs=2)
    second = fit(tmp_path / "xla", epochs=2, xla=True)
    np.testing.assert_allclose(second["loss"], first["loss"], rtol=1e-5)
