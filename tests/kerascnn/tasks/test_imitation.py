"""A model with rounding learns to give what the float model gives."""

import keras
import numpy as np
import pytest

from kerascnn import data, export
from kerascnn.layers import GaussianSampling
from kerascnn.tasks import get_task
from kerascnn.tasks.imitation import imitate, without_chance
from kerascnn.training import GAN

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(size=(60, 8, 8, 1)).astype("float32")
DATASET = data.from_arrays("mine", IMAGES, np.arange(60) % 3)


def teacher(outputs=1):
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 1), name="image")
    x = keras.layers.Conv2D(4, 3, strides=2, activation="relu")(image)
    x = keras.layers.Dropout(0.5)(keras.layers.Flatten()(x))
    heads = {f"head{i}": keras.layers.Dense(3, name=f"head{i}")(x) for i in range(outputs)}
    return keras.Model(image, heads if outputs > 1 else heads["head0"])


def distance(one, other):
    pairs = zip(keras.tree.flatten(one(IMAGES)), keras.tree.flatten(other(IMAGES)), strict=True)
    return max(float(np.sqrt(np.mean((a - b) ** 2))) for a, b in pairs)


def follow(student, model, **changes):
    settings = {"epochs": 30, "batch_size": 16, "learning_rate": 1e-2, **changes}
    imitate(student, model, get_task("classification"), DATASET.train, **settings)


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_student_comes_close_to_its_teacher(outputs):
    model = teacher(outputs)
    student = keras.models.clone_model(without_chance(model))  # other weights
    before = distance(student, model)
    follow(student, model)
    assert distance(student, model) < 0.5 * before


def test_a_student_with_rounding_has_its_ranges_and_stays_close():
    model = teacher()
    student = export.quantize_aware(without_chance(model))
    follow(student, model, epochs=2, learning_rate=1e-4)
    assert distance(student, model) < 0.05
    ranges = [layer for layer in student.layers if layer.name.endswith(".range")]
    assert ranges
    assert all(float(layer.high) > float(layer.low) for layer in ranges)


def test_the_teacher_stays_as_it_is():
    model = teacher()
    before = model.get_weights()
    follow(export.quantize_aware(without_chance(model)), model, epochs=1)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_less_than_an_epoch_is_refused():
    with pytest.raises(ValueError, match="Received: epochs=0"):
        follow(teacher(), teacher(), epochs=0)


def test_nothing_is_drawn_where_chance_was_taken_out():
    latent = keras.Input((4,), name="latent")
    mean, log_var = (keras.layers.Dense(4, name=name)(latent) for name in ("mean", "log_var"))
    inner = keras.Model(latent, keras.layers.Dropout(0.5)(GaussianSampling()((mean, log_var))))
    outer = keras.Input((4,))
    model = keras.Model(outer, keras.layers.Dense(2)(inner(outer)))
    x = RNG.normal(size=(5, 4)).astype("float32")
    fixed = without_chance(model)
    np.testing.assert_array_equal(fixed(x, training=True), model(x, training=False))
    assert not np.allclose(model(x, training=True), model(x, training=False))


def test_other_examples_give_a_generator_other_latent_vectors():
    latent, image = keras.Input((4,)), keras.Input((1,))
    generator = keras.Model(latent, keras.layers.Dense(1)(latent))
    model = GAN(generator, keras.Model(image, keras.layers.Dense(1)(image)))
    inputs = get_task("generation").inputs
    first, second = (
        inputs(model, {"image": IMAGES[:8]}),
        inputs(model, {"image": IMAGES[8:16]}),
    )
    np.testing.assert_array_equal(first, inputs(model, {"image": IMAGES[:8]}))
    assert not np.isclose(first, second).any()
