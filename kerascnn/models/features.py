"""An encoder as a feature extractor: the maps at the end of its stages."""

from collections.abc import Sequence

import keras

from kerascnn.training import parts


def features(model: keras.Model, layers: str | Sequence[str]) -> keras.Model:
    """Cut a model off at some of its layers, to use what comes out there.

    A stage is a run of layers whose maps are of nearly one size, from the first layer with weights
    on; a new one begins where the sides fall to two thirds or less. `"stage1"` is the last map of
    the first stage, `"stage2"` of the next one, and so on: in ResNet-50 the maps of 1/2, 1/4, 1/8,
    1/16 and 1/32 of the image's sides. The result shares its weights with the model.

    Args:
        model: A functional model from images, such as any encoder of kerascnn or
            `keras.applications`; of one with a `deployable`, that or the first of its parts is cut.
        layers: Names of stages (`"stage3"`) or of layers (`"fc7"`); several give a model with as
            many outputs.

    Returns:
        A model with the inputs of `model`, and an output (or a list of them) for each name.

    Raises:
        ValueError: If a name is no stage and no layer; the message lists the stages.

    Example:
        >>> features(keras.applications.ResNet50(weights=None), "stage3").output_shape
        (None, 28, 28, 512)
    """
    model = next(iter(parts(model).values()))
    names = [layers] if isinstance(layers, str) else list(layers)
    ends = {f"stage{number}": tensor for number, tensor in enumerate(stage_ends(model), 1)}
    known = {layer.name: layer for layer in model.layers}
    for name in names:
        if name not in ends and name not in known:
            stages = ", ".join(f"{key} {tuple(end.shape[1:])}" for key, end in ends.items())
            raise ValueError(
                "layers must be names of stages or of layers of the model. "
                f"Its stages: {stages}. Received: {name!r}"
            )
    outputs = [ends[name] if name in ends else known[name].output for name in names]
    return keras.Model(model.input, outputs[0] if isinstance(layers, str) else outputs)


def stage_ends(model: keras.Model) -> list[keras.KerasTensor]:
    """Give the last map of each stage, from the largest to the smallest.

    Raises:
        ValueError: If the model is subclassed, so that its graph isn't known.
    """
    if not hasattr(model, "operations"):
        raise ValueError(f"The model must be functional or sequential. Received: {model.name}")
    first = 0
    ends: list[keras.KerasTensor] = []
    for operation in model.operations:
        if not ends and not getattr(operation, "weights", ()):
            continue
        for tensor in keras.tree.flatten(operation.output):
            side = _side(tensor)
            if side and (not ends or side <= first * 2 / 3):
                first = side
                ends.append(tensor)
            elif side and side <= first:
                ends[-1] = tensor
    return ends


def _side(tensor: keras.KerasTensor) -> int:
    """Give the shorter side of a map, 0 for what isn't one."""
    sides = tensor.shape[1:3]
    return min(sides) if len(tensor.shape) == 4 and None not in sides else 0
