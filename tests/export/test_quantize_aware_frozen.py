"""Models that do not learn any more, such as the moving average of another one."""

import keras
import numpy as np

from kerascnn import export


def model():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [keras.Input((5,)), keras.layers.Dense(4, activation="relu"), keras.layers.Dense(2)]
    )


def test_the_copy_of_a_frozen_model_learns():
    frozen = model()
    frozen.trainable = False
    aware = export.quantize_aware(frozen)
    assert len(aware.trainable_weights) == 4
    aware.compile("sgd", "mse")
    before = [weight.numpy() for weight in aware.trainable_weights]
    x = np.random.default_rng(0).normal(size=(8, 5)).astype("float32")
    aware.fit(x, np.ones((8, 2)), verbose=0)
    after = [weight.numpy() for weight in aware.trainable_weights]
    assert not any(np.array_equal(*pair) for pair in zip(before, after, strict=True))
    assert not frozen.trainable_weights


def test_a_layer_that_is_frozen_alone_stays_so():
    partly = model()
    partly.layers[0].trainable = False
    assert len(export.quantize_aware(partly).trainable_weights) == 2
