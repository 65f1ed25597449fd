"""Iterative error feedback: a GoogLeNet that corrects the pose that it is shown on the image."""

import keras
from keras import layers

from kerascnn.layers import gaussian_maps
from kerascnn.models.classification.googlenet import googlenet
from kerascnn.registry import Experiment, register
from kerascnn.training import ErrorFeedback


@register(
    paper="https://arxiv.org/abs/1507.06550",
    tiny={
        "input_shape": (16, 16, 3),
        "steps": 2,
        "blocks": (0, 1, 0),
        "width": 1 / 16,
        "normalize": False,
    },
    params=6_056_560,
    experiment=Experiment(
        data="people",
        data_options={"count": 2500},
        model_options={
            "blocks": (1, 1, 0),
            "strides": 1,
            "width": 1 / 2,
            "normalize": False,
            "dropout": 0.0,
        },
        epochs=24,
        batch_size=16,
        learning_rate=1e-3,
        passes=("pck_08 >= 0.7",),
    ),
)
def iterative_error_feedback(
    input_shape: tuple[int, int, int] = (224, 224, 3),
    *,
    num_points: int = 16,
    steps: int = 4,
    bound: float = 20 / 224,
    deviation: float = 0.04,
    noise: float = 0.03,
    blocks: tuple[int, int, int] = (2, 5, 2),
    strides: int = 2,
    width: float = 1.0,
    normalize: bool = True,
    dropout: float = 0.4,
) -> ErrorFeedback:
    """Build iterative error feedback: one network that says how to move all points, many times.

    It sees the image and, as further channels, a heat map of each point where it is now, first at
    the mean pose. It learns bounded corrections on the straight way from there to the truth, the
    fixed path.

    Differs from the paper: in training an image takes a place of the path at random, with noise,
    not one after the other; corrections are in units of the bound, and weights not pretrained.

    Args:
        input_shape: Height, width and channels.
        num_points: Number of key points.
        steps: Corrections, at least 1.
        bound: Length of the longest correction, as a share of the image's sides, above 0.
        deviation: Standard deviation of the heat maps, as a share of the image's longer side.
        noise: Standard deviation of what is added to the points in training, as a share of the
            image's sides, at least 0.
        blocks: As `googlenet` takes it.
        strides: Pixels between two places of the first kernels.
        width: Factor for the channels of all convolutions, above 0.
        normalize: Normalise the stem by local responses.
        dropout: Share of the features dropped before the corrections in training, in [0, 1).

    Returns:
        A model from images `(batch, height, width, channels)` to points `(batch, num_points, 2)`,
        (y, x) in [0, 1] where they are in the image, in float32; its `deployable` is functional.

    Raises:
        ValueError: If a number is out of its range.

    Example:
        >>> iterative_error_feedback().deployable.count_params()
        6056560

    Reference:
        https://arxiv.org/abs/1507.06550
    """
    height, width_, channels = input_shape
    regressor = googlenet(
        (height, width_, channels + num_points),
        num_classes=2 * num_points,
        blocks=blocks,
        strides=strides,
        width=width,
        normalize=normalize,
        dropout=dropout,
        classifier_activation=None,
    ).deployable
    image = keras.Input(input_shape, name="image")
    points = keras.Input((num_points, 2), name="points")
    maps = gaussian_maps(points, height, width_, deviation * max(height, width_))
    seen = layers.Concatenate(name="seen")([image, maps])
    corrections = layers.Reshape((num_points, 2), dtype="float32")(regressor(seen))
    corrector = keras.Model([image, points], corrections, name="corrector")
    return ErrorFeedback(
        corrector, steps=steps, bound=bound, noise=noise, name="iterative_error_feedback"
    )
