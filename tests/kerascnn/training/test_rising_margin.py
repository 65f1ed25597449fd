"""The margin of the spread loss rises while a model is fitted."""

import keras
import numpy as np
import pytest

from kerascnn.losses import Spread
from kerascnn.training import RisingMargin

IMAGES = np.random.default_rng(0).uniform(size=(8, 5)).astype("float32")
LABELS = np.arange(8) % 3


def build():
    image = keras.Input((5,), name="image")
    return RisingMargin(image, keras.layers.Dense(3, "sigmoid")(image), name="mine")


def margins(model, loss, **options):
    seen = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(float(model.loss.margin))
    )
    model.compile("sgd", loss, metrics=["accuracy"])
    model.fit(IMAGES, LABELS, callbacks=[note], verbose=0, **options)
    return seen


def test_it_rises_evenly_from_the_first_epoch_to_the_last():
    model = build()
    np.testing.assert_allclose(
        margins(model, model.default_loss, epochs=5), [0.2, 0.375, 0.55, 0.725, 0.9]
    )


def test_an_interrupted_training_goes_on_with_its_margin():
    model = build()
    loss = model.default_loss
    seen = margins(model, loss, epochs=5, initial_epoch=3)
    np.testing.assert_allclose(seen, [0.725, 0.9])


def test_another_loss_and_a_single_callback_are_left_alone():
    model = build()
    model.compile("sgd", "sparse_categorical_crossentropy")
    note = keras.callbacks.History()
    model.fit(IMAGES, LABELS, callbacks=note, verbose=0)
    assert len(note.history["loss"]) == 1


def test_a_saved_model_is_of_the_same_kind_and_raises_the_margin_again(tmp_path):
    model = build()
    margins(model, Spread(margin=0.2), epochs=2)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(again, RisingMargin)
    np.testing.assert_allclose(again.predict(IMAGES, verbose=0), model(IMAGES), rtol=1e-6)
    again.fit(IMAGES, LABELS, epochs=2, verbose=0)
    assert float(again.loss.margin) == pytest.approx(0.9)
