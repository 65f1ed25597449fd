"""A classifier of real digits that judges generated ones."""

from __future__ import annotations

import functools

import keras
import numpy as np
import tensorflow as tf

from kerascnn.data import arrays, load

_EPOCHS = 12
# Smaller steps on smaller images: with these, distances at both sizes are about the same.
_BATCH = {8: 16, 16: 64}


def judge(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Look at digits.

    Args:
        images: In [0, 1], `(count, side, side, 1)`, with a side of at least 8 pixels. Below 16
            they are judged at 8 pixels, else at 16.

    Returns:
        64 features `(count, 64)` and the probabilities of the digits `(count, 10)`.

    Raises:
        ValueError: If the images cannot be digits.
    """
    if not can_judge(images.shape):
        raise ValueError(
            "Generated images are judged as digits: they must be square and grey, of at least 8 "
            f"pixels a side. Received: images of shape {images.shape}"
        )
    size = 8 if images.shape[1] < 16 else 16
    if images.shape[1] != size:
        images = tf.image.resize(images, (size, size), antialias=True).numpy()
    features, probabilities = network(size).predict(images, batch_size=256, verbose=0)
    return features, probabilities


def can_judge(shape: tuple[int, ...]) -> bool:
    """Tell whether images `(count, height, width, channels)` are shaped like digits."""
    _, height, width, channels = shape
    return height == width and height >= 8 and channels == 1


@functools.cache
def network(size: int) -> keras.Model:
    """Train the judge on the digits' training and validation splits, once in a process.

    Everything random has its own seed, so that the caller's random numbers stay as they are and
    every process has the same judge.

    Args:
        size: Side of the images in pixels.

    Returns:
        A model from images `(count, size, size, 1)` to 64 features and 10 probabilities.
    """
    seeds = iter(range(4))
    image = keras.Input((size, size, 1), name="image")
    x = image
    for filters in (32, 64):
        kernel = keras.initializers.GlorotUniform(next(seeds))
        x = keras.layers.Conv2D(
            filters, 3, padding="same", activation="relu", kernel_initializer=kernel
        )(x)
    x = keras.layers.MaxPooling2D()(x)
    x = keras.layers.Flatten()(x)
    kernel = keras.initializers.GlorotUniform(next(seeds))
    features = keras.layers.Dense(64, activation="relu", kernel_initializer=kernel)(x)
    kernel = keras.initializers.GlorotUniform(next(seeds))
    probabilities = keras.layers.Dense(10, activation="softmax", kernel_initializer=kernel)(
        features
    )
    model = keras.Model(image, [features, probabilities], name="judge")
    model.compile("adam", loss=[None, "sparse_categorical_crossentropy"])
    dataset = load("digits", size=size)
    examples = arrays(dataset.train.concatenate(dataset.validation))
    random = np.random.default_rng(0)
    order = np.concatenate([random.permutation(len(examples["label"])) for _ in range(_EPOCHS)])
    digits = tf.data.Dataset.from_tensor_slices(examples["image"][order])
    labels = tf.data.Dataset.from_tensor_slices(examples["label"][order])
    model.fit(tf.data.Dataset.zip(digits, labels).batch(_BATCH[size]), shuffle=False, verbose=0)
    return model
