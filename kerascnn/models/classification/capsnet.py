"""CapsNet, capsules that route by agreement."""

import keras
from keras import layers

from kerascnn.layers import Capsule, CapsuleDecoder, CapsuleLength, PrimaryCapsules
from kerascnn.losses import CapsuleMargin
from kerascnn.registry import Experiment, register
from kerascnn.training import ReconstructingClassifier


@register(
    paper="https://arxiv.org/abs/1710.09829",
    tiny={
        "input_shape": (10, 10, 1),
        "filters": 8,
        "kernel_size": 3,
        "primary_capsules": 2,
        "primary_dim": 4,
        "dim": 4,
        "decoder_units": (8, 16),
    },
    params=6_804_224,
    unsupported={"equal_bits": "routing amplifies the last bit of kernels other than XNNPACK's"},
    experiment=Experiment(
        data="translated_digits",
        data_options={"noise": 0.0, "count": 4000, "size": 28},
        model_options={"filters": 32, "primary_capsules": 8, "decoder_units": (128, 256)},
        epochs=12,
        passes=("accuracy >= 0.85",),
        lost={"qat": 0.005},
    ),
)
def capsnet(
    input_shape: tuple[int, int, int] = (28, 28, 1),
    *,
    num_classes: int = 10,
    filters: int = 256,
    kernel_size: int = 9,
    primary_capsules: int = 32,
    primary_dim: int = 8,
    dim: int = 16,
    iterations: int = 3,
    decoder_units: tuple[int, ...] = (512, 1024),
) -> ReconstructingClassifier:
    """Build CapsNet: a convolution, primary capsules and a capsule for each class.

    The length of its capsule says how likely a class is there. In training `CapsuleMargin` of the
    lengths is the loss, to which a decoder adds 0.0005 times the squared errors of the image that
    it draws from the capsule of the true class; the deployable model has no decoder.

    Args:
        input_shape: Height, width and channels of images in [0, 1].
        num_classes: Number of classes.
        filters: Channels of the convolution.
        kernel_size: Side of both kernels, in pixels.
        primary_capsules: Primary capsules at each place.
        primary_dim: Components of a primary capsule.
        dim: Components of a class's capsule.
        iterations: Rounds of routing, at least 1.
        decoder_units: Sizes of the decoder's hidden layers.

    Returns:
        A model from images `(batch, height, width, channels)` to lengths in [0, 1),
        `(batch, num_classes)`, in float32, whose `deployable` is functional. They do not sum to
        1: several classes may be there, or none. Its `decoder` draws the image from
        `[capsules, labels]`.

    Raises:
        ValueError: If the kernels do not fit into the image, or a count is not positive.

    Example:
        >>> capsnet().deployable.count_params()
        6804224

    Reference:
        https://arxiv.org/abs/1710.09829
    """
    if min(input_shape[:2]) < 2 * kernel_size - 1:
        raise ValueError(
            f"Both kernels must fit into the image. Received: input_shape={tuple(input_shape)}, "
            f"kernel_size={kernel_size}"
        )
    image = keras.Input(input_shape, name="image")
    x = layers.Conv2D(filters, kernel_size, activation="relu", name="conv1")(image)
    x = PrimaryCapsules(
        primary_capsules, primary_dim, kernel_size=kernel_size, name="primary_capsules"
    )(x)
    x = Capsule(num_classes, dim, iterations=iterations, name="class_capsules")(x)
    lengths = CapsuleLength(name="lengths", dtype="float32")(x)
    network = keras.Model(image, [lengths, x], name="network")
    inputs = [
        keras.Input((num_classes, dim), name="capsules"),
        keras.Input((num_classes,), name="labels"),
    ]
    drawn = CapsuleDecoder(input_shape, units=decoder_units, name="drawing")(inputs)
    decoder = keras.Model(inputs, drawn, name="decoder")
    return ReconstructingClassifier(
        network, decoder, error_weights=(0.0005,), loss=CapsuleMargin(), name="capsnet"
    )
