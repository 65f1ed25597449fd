"""How the examples of a folder reach a model: in another order each epoch, read when needed."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from kerascnn import data
from kerascnn.tasks import get_task
from kerascnn.tasks.epochs import batches

COUNT = 40


@pytest.fixture
def pictures(tmp_path):
    """Give a folder of grey pictures, each of its own shade."""
    for number in range(COUNT):
        path = tmp_path / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((4, 4), number, "uint8")).save(path)
    return tmp_path


def model():
    image = keras.Input((4, 4, 1))
    return keras.Model(image, keras.layers.Dense(2)(keras.layers.Flatten()(image)))


def served(folder, seed, **options):
    dataset = data.load(folder, size=4, channels=1)
    return batches(get_task("classification"), model(), dataset, 4, seed, **options)


def shades(examples):
    return [round(255 * float(one[0, 0, 0])) for batch, *_ in examples for one in np.array(batch)]


@pytest.mark.parametrize("cache", [False, True])
def test_the_seed_of_the_epoch_decides_the_order(pictures, cache):
    seed = tf.Variable(1, dtype="int64")
    examples = served(pictures, seed, cache=cache)
    first, again = shades(examples), shades(examples)
    seed.assign(2)
    other = shades(examples)
    assert first == again
    assert first != other
    assert len(set(first)) == len(first) == len(other)
    assert int(examples.cardinality()) == len(first) // 4


def test_what_is_cached_is_not_read_again(pictures):
    seed = tf.Variable(1, dtype="int64")
    examples = served(pictures, seed, cache=True)
    first = shades(examples)
    for path in pictures.rglob("*.png"):
        path.unlink()
    seed.assign(2)
    second = shades(examples)
    assert sorted(second) == sorted(first)
    assert second != first
