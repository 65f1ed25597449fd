"""The deconvnet: which pixels made a unit of an encoder respond."""

from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from kerascnn.models.features import features


class Projection(NamedTuple):
    """What made a feature map respond, for each image.

    Args:
        pixels: What the strongest response goes back to, shaped like the images.
        responses: The strongest response, of shape (images,).
        boxes: Top, left, bottom and right of the pixels that can reach it, of shape (images, 4).
    """

    pixels: np.ndarray
    responses: np.ndarray
    boxes: np.ndarray


@keras.saving.register_keras_serializable(package="kerascnn")
def deconvnet_relu(x: Any) -> Any:
    """ReLU whose way back rectifies what comes back, whatever the input was."""

    @keras.ops.custom_gradient
    def rectify(x):
        def back(*arguments, upstream=None):
            return keras.ops.relu(arguments[0] if upstream is None else upstream)

        return keras.ops.relu(x), back

    return rectify(x)


def deconvnet(model: keras.Model, images: Any, layer: str, channel: int) -> Projection:
    """Project the strongest response of a feature map back to the pixels.

    All other responses of the layer are set to 0; then maximum pooling is undone by putting each
    value where the maximum was, ReLU by rectifying, and a convolution by the transposed one.
    Other layers, such as normalisations, are undone by their gradients.

    Args:
        model: A functional encoder, of kerascnn or `keras.applications`, as `features` takes it.
        images: Images `(count, height, width, channels)` as the model takes them.
        layer: A stage such as `"stage3"` or the name of a layer that gives maps.
        channel: Index of the feature map.

    Returns:
        The projection.

    Raises:
        ValueError: If the layer isn't there or gives no maps, or has no such channel.

    Reference:
        https://arxiv.org/abs/1311.2901
    """
    return Deconvnet(model, layer)(images, channel)


class Deconvnet:
    """An encoder up to one layer, with its way back.

    Args:
        model: A functional encoder.
        layer: A stage such as `"stage3"` or the name of a layer that gives maps.

    Raises:
        ValueError: If the layer isn't there or gives no maps.
    """

    def __init__(self, model: keras.Model, layer: str) -> None:
        encoder = features(model, layer)
        if len(encoder.output_shape) != 4:
            raise ValueError(
                f"layer must give maps (height, width, channels). Received: layer={layer!r}, which "
                f"gives {encoder.output_shape[1:]}"
            )
        self.layer = layer
        self.encoder = keras.Model.from_config(_rectified(encoder.get_config()))
        self.encoder.set_weights(encoder.get_weights())
        self.channels = encoder.output_shape[-1]

    def check(self, channel: int) -> None:
        """Refuse the index of a map that the layer doesn't have.

        Raises:
            ValueError: If there is no such map.
        """
        if not 0 <= channel < self.channels:
            raise ValueError(
                f"The maps of {self.layer} are 0 to {self.channels - 1}. Received: {channel}"
            )

    def responses(self, images: Any) -> np.ndarray:
        """Give the strongest response of each map, of shape (images, channels)."""
        maps = self.encoder.predict(images, verbose=0)
        return maps.max(axis=(1, 2))

    def __call__(self, images: Any, channel: int) -> Projection:
        """Project the strongest response of a map back to the pixels."""
        self.check(channel)
        images = tf.convert_to_tensor(images, "float32")
        with tf.GradientTape() as tape:
            tape.watch(images)
            maps = self.encoder(images, training=False)
        flat = tf.reshape(maps[..., channel], (len(images), -1))
        strongest = tf.argmax(flat, axis=1)
        only = tf.reshape(tf.one_hot(strongest, flat.shape[1]), maps.shape[:-1])
        only = tf.one_hot(channel, self.channels) * (maps * only[..., None])
        pixels = tape.gradient(maps, images, output_gradients=only).numpy()
        return Projection(pixels, tf.reduce_max(flat, axis=1).numpy(), _boxes(pixels))


def _boxes(pixels: np.ndarray) -> np.ndarray:
    """Enclose what isn't 0; the whole image where all is."""
    boxes = np.zeros((len(pixels), 4), int)
    for box, touched in zip(boxes, np.any(pixels != 0, axis=-1), strict=True):
        for side in (0, 1):
            found = np.flatnonzero(touched.any(axis=1 - side))
            box[side::2] = (found[0], found[-1] + 1) if len(found) else (0, touched.shape[side])
    return boxes


def _rectified(config: Any) -> Any:
    """Replace every ReLU in a configuration, however deep, by the one with another way back."""
    if isinstance(config, list | tuple):
        return [_rectified(part) for part in config]
    if not isinstance(config, dict):
        return config
    changed = {key: _rectified(value) for key, value in config.items()}
    if changed.get("activation") == "relu":
        changed["activation"] = keras.saving.serialize_keras_object(deconvnet_relu)
    return changed
