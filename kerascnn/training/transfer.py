"""Starting from the weights of a network that is trained already."""

from collections.abc import Mapping

import keras

from kerascnn.layers import Residual


def copy_by_name(source: keras.Model, model: keras.Model) -> None:
    """Copy the weights of each layer into the one of the same name.

    Args:
        source: A network of `keras.applications`, with or without its dense layers; without, those
            of `model` stay as they are.
        model: Our network with the same layers, of the same names and shapes.

    Raises:
        ValueError: If the networks do not have the same layers.
    """
    _copy(source, {layer.name: layer for layer in model.layers if layer.weights})


def copy_residual_network(source: keras.Model, model: keras.Model) -> None:
    """Copy the weights of a network of `keras.applications.resnet` into ours, layer by layer.

    Args:
        source: Keras's ResNet50, ResNet101 or ResNet152, with or without its classifier; without,
            the classifier of `model` stays as it is.
        model: Our `resnet` of the same depth, its `Residual` units named like `conv2_block1`.

    Raises:
        ValueError: If the networks do not have the same layers.
    """
    _copy(source, _keras_names(model))


def _copy(source: keras.Model, ours: Mapping[str, keras.layers.Layer]) -> None:
    """Copy into the layers that have these names in the source."""
    theirs = {layer.name: layer for layer in source.layers if layer.weights}
    if "predictions" not in theirs:
        ours = {name: one for name, one in ours.items() if not isinstance(one, keras.layers.Dense)}
    if different := sorted(theirs.keys() ^ ours.keys()):
        raise ValueError(f"The networks must have the same layers. Received: {different[:3]}")
    for name, layer in ours.items():
        layer.set_weights(theirs[name].get_weights())


def _keras_names(model: keras.Model) -> dict[str, keras.layers.Layer]:
    """Give each layer with weights the name that it has in `keras.applications`."""
    names = {}
    for layer in model.layers:
        if not isinstance(layer, Residual):
            names.update({layer.name: layer} if layer.weights else {})
            continue
        pairs = list(zip(layer.convolutions, layer.normalizations, strict=True))
        if layer.shortcut == "projection":
            pairs.append((layer.projection, layer.projection_normalization))
        for number, (convolution, normalization) in enumerate(pairs, 1):
            # Keras counts from 1, and gives the projection the number 0.
            number %= 1 + len(layer.convolutions)
            names[f"{layer.name}_{number}_conv"] = convolution
            names[f"{layer.name}_{number}_bn"] = normalization
    return names
