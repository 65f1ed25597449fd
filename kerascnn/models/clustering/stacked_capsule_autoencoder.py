"""The stacked capsule autoencoder, which explains an image by parts and the parts by objects."""

import keras
from keras import layers, ops

from kerascnn.layers import (
    PartCapsules,
    PartVotes,
    SetTransformer,
    TemplateDecoder,
    Tint,
    UniformNoise,
    canvas_nats,
    geometric_pose,
)
from kerascnn.losses import object_sparsity, part_nats
from kerascnn.registry import Experiment, register
from kerascnn.training import Unsupervised


@register(
    paper="https://arxiv.org/abs/1906.06818",
    tiny={
        "input_shape": (27, 27, 1),
        "filters": 4,
        "parts": 3,
        "features": 2,
        "template_size": 3,
        "depth": 1,
        "objects": 4,
        "units": (8, 4),
    },
    params=2_343_024,
    unsupported={"equal_bits": "attention among objects amplifies the last bit of other kernels"},
    experiment=Experiment(
        data="digits",
        data_options={"size": 28},
        model_options={
            "filters": 64,
            "parts": 12,
            "features": 8,
            "objects": 10,
            "units": (32, 16),
            "deviation": 0.25,
        },
        epochs=40,
        learning_rate=3e-3,
        passes=("accuracy >= 0.35", "spread >= 0.002"),
        lost={"int8": 0.06, "qat": 0.06},
    ),
)
def stacked_capsule_autoencoder(
    input_shape: tuple[int, int, int] = (40, 40, 1),
    *,
    num_classes: int = 10,
    filters: int = 128,
    parts: int = 40,
    features: int = 16,
    template_size: int = 11,
    depth: int = 3,
    objects: int = 32,
    units: tuple[int, int] = (128, 32),
    deviation: float = 1.0,
) -> Unsupervised:
    """Build the stacked capsule autoencoder, which learns objects without labels.

    A convolutional encoder finds poses and presences of parts, whose templates have to draw the
    image; from these a set transformer finds objects, whose votes have to predict the poses of
    the parts, few of them in each image. The presences of the objects are what is deployed.

    Differs from the paper: the set transformer gets the numbers of a pose, not its matrix, so
    that all that is deployed has a form in integers; the presence of a part is one of these, not
    a mask; and the special features alone say which part it is, not its template as well.

    Args:
        input_shape: Height, width and channels of images in [0, 1]; sides of at least 27 pixels.
        num_classes: Number of classes that the images have.
        filters: Channels of the four convolutions.
        parts: Number of parts.
        features: Special features of a part, from which its template gets a tint.
        template_size: Sides of a template, in pixels.
        depth: Blocks of the set transformer.
        objects: Number of objects.
        units: Widths of the two layers that describe an object.
        deviation: Standard deviation of a pixel around what is drawn, above 0.

    Returns:
        A model whose `deployable` is functional, from images `(batch, height, width, channels)`
        to presences in [0, 1], `(batch, objects)`, in float32.

    Raises:
        ValueError: If a side is below 27 pixels.

    Example:
        >>> stacked_capsule_autoencoder().deployable.count_params()
        2343024

    Reference:
        https://arxiv.org/abs/1906.06818
    """
    if min(input_shape[:2]) < 27:
        raise ValueError(f"Sides must be at least 27 pixels. Received: {input_shape=}")
    x = image = keras.Input(input_shape, name="image")
    for number, strides in enumerate((2, 2, 1, 1), 1):
        x = layers.Conv2D(filters, 3, strides, activation="relu", name=f"conv{number}")(x)
    poses, logits, special = PartCapsules(parts, features=features, name="parts")(x)
    presences = _presences(logits, "part")
    seen = [ops.stop_gradient(poses), ops.stop_gradient(presences)]
    x = layers.Concatenate(name="members")([*seen, special])
    x = SetTransformer(objects, depth=depth, name="objects")(x)
    x = _dense(x, units[0], "object_dense1", "relu")
    x = _dense(x, units[1], "object_dense2")
    x = _dense(x, units[0], "object_dense3", "relu")
    there = _presences(_dense(x, 1 + parts, "object_logits"), "object")
    weights = layers.Multiply(name="vote_presences")([there[..., :1], there[..., 1:]])
    codes = layers.Activation("linear", dtype="float32", name="codes")(ops.max(weights, axis=-1))
    colors, log_weights = _drawing(poses, presences, special, template_size, input_shape)
    votes, deviations, deformations = PartVotes(parts, name="votes")(x)
    nats, shares = part_nats(geometric_pose(seen[0]), seen[1][..., 0], votes, deviations, weights)
    costs = [
        canvas_nats(image, colors, log_weights, deviation=deviation),
        nats,
        object_sparsity(codes, ops.sum(shares, axis=-1), num_classes=num_classes),
        5.0 * ops.sum(ops.square(ops.cast(deformations, "float32")), axis=(1, 2, 3)),
    ]
    return Unsupervised(keras.Model(image, [codes, *costs]), name="stacked_capsule_autoencoder")


def _drawing(poses, presences, special, template_size, shape):
    decoder = TemplateDecoder(
        poses.shape[1],
        image_size=shape[:2],
        template_size=template_size,
        channels=shape[-1],
        name="templates",
    )
    colors, log_weights = decoder([geometric_pose(poses), presences[..., 0]])
    return Tint(name="tint")([colors, special]), log_weights


def _presences(logits, name):
    logits = UniformNoise(name=f"{name}_noise")(logits)
    return layers.Activation("sigmoid", name=f"{name}_presences")(logits)


def _dense(x, units, name, activation=None):
    """Give each object a dense layer of its own."""
    return layers.EinsumDense(
        "bki,kio->bko", (x.shape[1], units), activation=activation, bias_axes="ko", name=name
    )(x)
