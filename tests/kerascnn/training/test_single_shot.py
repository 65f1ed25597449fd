"""A detector trains on what its network gives, and deploys boxes and scores."""

import keras
import numpy as np
import pytest
from keras import layers

from kerascnn.losses import GridBoxes
from kerascnn.training import SingleShot
from kerascnn.training.detection import anchored_head, grid_head


def network():
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 1))
    x = layers.Conv2D(4, 3, 4, "same", activation="relu")(image)
    offsets = layers.Reshape((4, 4))(layers.Conv2D(4, 1)(x))
    logits = layers.Reshape((4, 3))(layers.Conv2D(3, 1)(x))
    return keras.Model(image, [offsets, logits])


ANCHORS = np.array([[y, x, y + 0.5, x + 0.5] for y in (0.0, 0.5) for x in (0.0, 0.5)])
IMAGES = np.random.default_rng(0).normal(size=(3, 8, 8, 1)).astype("float32")


def test_several_outputs_are_joined_for_the_loss_and_apart_when_deployed():
    inner = network()
    model = SingleShot(inner, anchored_head(ANCHORS, 2), loss="mse")
    offsets, logits = inner(IMAGES)
    np.testing.assert_allclose(model(IMAGES), np.concatenate([offsets, logits], axis=-1))
    outputs = model.deployable(IMAGES)
    assert {key: value.shape for key, value in outputs.items()} == {
        "boxes": (3, 4, 4),
        "scores": (3, 4, 2),
    }
    logits = np.array(logits)
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(outputs["scores"], probabilities[..., 1:], atol=1e-6)


def test_anchors_without_offsets_are_the_boxes_but_for_what_is_outside():
    anchors = ANCHORS + np.array([0, 0, 0.2, 0])
    outputs = anchored_head(anchors, 2)([np.zeros((1, 4, 4)), np.zeros((1, 4, 3))])
    np.testing.assert_allclose(outputs["boxes"][0], anchors.clip(0, 1), atol=1e-6)


def test_the_loss_is_kept_with_the_model():
    inner = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(8, 1, 4)])
    model = SingleShot(inner, grid_head((2, 2, 8), 1), loss=GridBoxes(1, coordinates=2.0))
    again = SingleShot.from_config(model.get_config())
    assert again.default_loss.coordinates == 2.0
    assert again(IMAGES).shape == (3, 2, 2, 8)


def test_a_head_without_boxes_is_refused():
    with pytest.raises(ValueError, match=r"boxes and scores\. Received: head with"):
        SingleShot(network(), network(), loss="mse")
