"""M2, a variational autoencoder that classifies images of which few have a label."""

import keras
from keras import layers, ops

from kerascnn.layers import GaussianSampling
from kerascnn.losses import bernoulli_nats, gaussian_kl, gaussian_nats
from kerascnn.models.autoencoding.vae import variational
from kerascnn.models.coders import check_sides, gaussian, grow, shrink
from kerascnn.registry import Experiment, register
from kerascnn.training import SemiSupervised


@register(
    paper="https://arxiv.org/abs/1406.5298",
    tiny={"input_shape": (8, 8, 1), "latent_dim": 2, "filters": 4, "units": 8},
    variants={"m1_m2": {"model": "M1+M2"}},
    params={"semi_supervised_vae": 1_592_326, "m1_m2": 363_026},
    experiment=Experiment(
        data="digits",
        data_options={"size": 8, "labelled": 5},
        model_options={"latent_dim": 8, "units": 128},
        epochs=100,
        passes=("accuracy >= 0.86",),
        lost={"qat": 0.005},  # two of 449 digits
    ),
)
def semi_supervised_vae(
    input_shape: tuple[int, int, int] = (28, 28, 1),
    *,
    num_classes: int = 10,
    model: str = "M2",
    latent_dim: int = 50,
    filters: int = 32,
    units: int = 500,
    alpha: float = 50.0,
) -> SemiSupervised:
    """Build a classifier that learns with a variational autoencoder, which knows the class.

    In training an encoder describes an image of a known class by latent variables, and a decoder
    draws it from these and the class. What an image without a label costs is a mean over the
    classes that the classifier holds possible, so that it learns from all images; the label -1
    says that there is none. This is M2 of the paper; M1 is `vae`, whose codes a linear classifier
    reads; in M1+M2, classifier and M2 have the latent variables of M1 in place of the image.

    Differs from the paper: convolutions before the hidden layers of the classifier and of the
    encoder and after that of the decoder; ReLU, not softplus; M1 is trained at the same time as
    M2, without its gradient, not before.

    Args:
        input_shape: Height, width and channels of images in [0, 1]; sides divisible by 4.
        num_classes: Number of classes.
        model: `"M2"` or `"M1+M2"`.
        latent_dim: Number of latent variables, of M1 as well as of M2.
        filters: Channels of the first convolution, doubled in the second.
        units: Width of the hidden layers.
        alpha: Weight of the cross entropy of a labelled image. The paper has a tenth of the number
            of all images over that of the labelled ones: 50 with 100 labels of MNIST's 50,000.

    Returns:
        A model from images `(batch, height, width, channels)` to probabilities
        `(batch, num_classes)`, in float32, whose `deployable` is functional. Its `generative` has
        the layers `encoder`, from `[image, label]` to (mean, log variance), and `decoder`, from
        `[latent, label]` to images; labels are one-hot. Of M1+M2 both are about M1's latent
        variables, and the decoder gives their means and log variances.

    Raises:
        ValueError: If a side is not divisible by 4, there is no such model, or alpha is not
            positive.

    Example:
        >>> decoder = semi_supervised_vae().generative.get_layer("decoder")
        >>> decoder([keras.random.normal((10, 50)), keras.ops.eye(10)]).shape
        (10, 28, 28, 1)

    Reference:
        https://arxiv.org/abs/1406.5298
    """
    check_sides(input_shape)
    if model not in ("M2", "M1+M2"):
        raise ValueError(f"model must be M2 or M1+M2. Received: model={model}")
    described = image = keras.Input(input_shape, name="image")
    costs: list[keras.KerasTensor] = []
    if model == "M1+M2":
        described, costs = _m1(image, latent_dim, filters)
    x = layers.Dense(units, activation="relu", name="hidden")(_features(described, filters))
    x = layers.Dense(num_classes, name="logits")(x)
    x = layers.Activation("softmax", name="probabilities", dtype="float32")(x)
    network = keras.Model(image, [x, described, *costs], name="classifier")
    generative = _m2(described.shape[1:], num_classes, latent_dim, filters, units)
    return SemiSupervised(network, generative, alpha=alpha, name="semi_supervised_vae")


def _m1(image, latent_dim, filters):
    """Give latent variables, which learn from what they cost alone, and these costs."""
    latent, outputs = variational(image, latent_dim, filters)
    nats = bernoulli_nats(image, outputs["reconstruction"])
    return ops.stop_gradient(latent), [nats, gaussian_kl(None, outputs["posterior"])]


def _m2(shape, num_classes, latent_dim, filters, units):
    """Make a network from images, or latent variables of M1, and labels to costs."""
    seen, label = keras.Input(shape, name="seen"), keras.Input((num_classes,), name="label")
    encoder = _encoder(shape, num_classes, latent_dim, filters, units)
    decoder = _decoder(shape, num_classes, latent_dim, filters, units)
    mean, log_var = encoder([seen, label])
    latent = GaussianSampling(name="sampling")((mean, log_var))
    posterior = layers.Concatenate(name="posterior", dtype="float32")([mean, log_var])
    nats = gaussian_nats if len(shape) == 1 else bernoulli_nats
    costs = [nats(seen, decoder([latent, label])), gaussian_kl(None, posterior)]
    return keras.Model([seen, label], costs, name="generative")


def _encoder(shape, num_classes, latent_dim, filters, units):
    seen, label = keras.Input(shape, name="seen"), keras.Input((num_classes,), name="label")
    x = layers.Concatenate(name="both")([_features(seen, filters), label])
    x = layers.Dense(units, activation="relu", name="hidden")(x)
    return keras.Model([seen, label], gaussian(x, latent_dim), name="encoder")


def _decoder(shape, num_classes, latent_dim, filters, units):
    latent = keras.Input((latent_dim,), name="latent")
    label = keras.Input((num_classes,), name="label")
    x = layers.Concatenate(name="both")([latent, label])
    if len(shape) == 1:
        x = layers.Dense(units, activation="relu", name="hidden")(x)
        x = layers.Concatenate(name="likelihood", dtype="float32")(gaussian(x, shape[0]))
    else:
        x = grow(x, shape, filters)
    return keras.Model([latent, label], x, name="decoder")


def _features(seen, filters):
    return seen if len(seen.shape) == 2 else shrink(seen, filters)
