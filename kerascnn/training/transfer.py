"""Starting from the weights of a network that is trained already."""

from collections.abc import Mapping

import keras

from kerascnn.layers import PreActivationResidual, Residual


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
    """Copy the weights of a residual network of `keras.applications` into ours, layer by layer.

    Args:
        source: Keras's network such as ResNet50 or ResNet50V2, with or without its classifier;
            without, the classifier of `model` stays as it is.
        model: Our `resnet` or `resnet_v2` of the same depth, its units named like `conv2_block1`.

    Raises:
        ValueError: If the networks do not have the same layers.
    """
    _copy(source, _keras_names(model))


def copy_inception_network(source: keras.Model, model: keras.Model) -> None:
    """Copy the weights of Keras's InceptionV3 into ours, in the order in which both are written.

    Args:
        source: Keras's network, with or without its classifier; without, the classifier of `model`
            stays as it is.
        model: Our `inception_v3.deployable` with the same layers.

    Raises:
        ValueError: If the networks do not have the same layers.
    """
    steps = [step for one in model.layers for step in getattr(one, "steps", [one])]
    for kind in (keras.layers.Conv2D, keras.layers.BatchNormalization):
        # Keras's layers are named by their number: conv2d, conv2d_1, ...
        theirs = sorted((one for one in source.layers if isinstance(one, kind)), key=_number)
        ours = [step for step in steps if isinstance(step, kind)]
        if len(theirs) != len(ours):
            raise ValueError(
                "The networks must have the same layers. "
                f"Received: {len(theirs)} and {len(ours)} of {kind.__name__}"
            )
        for one, other in zip(theirs, ours, strict=True):
            other.set_weights(one.get_weights())
    if "predictions" in {layer.name for layer in source.layers}:
        weights = source.get_layer("predictions").get_weights()
        model.get_layer("predictions").set_weights(weights)


def _number(layer: keras.layers.Layer) -> int:
    end = layer.name.rpartition("_")[2]
    return int(end) if end.isdigit() else 0


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
        if not isinstance(layer, Residual | PreActivationResidual):
            names.update({layer.name: layer} if layer.weights else {})
            continue
        # Keras gives the projection the number 0, and v2 no number to what stands first.
        ends = [f"{number}_bn" for number in range(1, 4)]
        if isinstance(layer, PreActivationResidual):
            ends = ["preact_bn", *ends]
        parts = {f"{number}_conv": one for number, one in enumerate(layer.convolutions, 1)}
        parts |= dict(zip(ends, layer.normalizations, strict=False))
        if layer.shortcut == "projection":
            parts["0_conv"] = layer.projection
        if layer.shortcut == "projection" and isinstance(layer, Residual):
            parts["0_bn"] = layer.projection_normalization
        names |= {f"{layer.name}_{end}": part for end, part in parts.items()}
    return names
