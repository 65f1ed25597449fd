"""M2, a variational autoencoder that classifies images of which few have a label."""

import keras
from keras import layers

from kerascnn.layers import GaussianSampling
from kerascnn.losses import bernoulli_nats, gaussian_kl
from kerascnn.models.coders import check_sides, grow, shrink
from kerascnn.registry import Experiment, register
from kerascnn.training import SemiSupervised


@register(
    paper="https://arxiv.org/abs/1406.5298",
    tiny={"input_shape": (8, 8, 1), "latent_dim": 2, "filters": 4, "units": 8},
    params=1_592_326,
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
    latent_dim: int = 50,
    filters: int = 32,
    units: int = 500,
    alpha: float = 50.0,
) -> SemiSupervised:
    """Build M2: a classifier, and a variational autoencoder that knows the class.

    In training an encoder describes an image of a known class by latent variables, and a decoder
    draws it from these and the class. What an image without a label costs is a mean over the
    classes that the classifier holds possible, so that it learns from all images; the label -1
    says that there is none. The paper's M1 is `vae`, whose codes a linear classifier reads.

    Differs from the paper: convolutions before the hidden layers of the classifier and of the
    encoder and after that of the decoder; ReLU, not softplus.

    Args:
        input_shape: Height, width and channels of images in [0, 1]; sides divisible by 4.
        num_classes: Number of classes.
        latent_dim: Number of latent variables.
        filters: Channels of the first convolution, doubled in the second.
        units: Width of the hidden layers.
        alpha: Weight of the cross entropy of a labelled image. The paper has a tenth of the number
            of all images over that of the labelled ones: 50 with 100 labels of MNIST's 50,000.

    Returns:
        A model from images `(batch, height, width, channels)` to probabilities
        `(batch, num_classes)`, in float32, whose `deployable` is functional. Its `generative` has
        the layers `encoder`, from `[image, label]` to (mean, log variance), and `decoder`, from
        `[latent, label]` to images; labels are one-hot.

    Raises:
        ValueError: If a side is not divisible by 4, or alpha is not positive.

    Example:
        >>> decoder = semi_supervised_vae().generative.get_layer("decoder")
        >>> decoder([keras.random.normal((10, 50)), keras.ops.eye(10)]).shape
        (10, 28, 28, 1)

    Reference:
        https://arxiv.org/abs/1406.5298
    """
    check_sides(input_shape)
    image = keras.Input(input_shape, name="image")
    x = layers.Dense(units, activation="relu", name="hidden")(shrink(image, filters))
    x = layers.Dense(num_classes, name="logits")(x)
    x = layers.Activation("softmax", name="probabilities", dtype="float32")(x)
    network = keras.Model(image, x, name="classifier")
    label = keras.Input((num_classes,), name="label")
    encoder = _encoder(input_shape, num_classes, latent_dim, filters, units)
    decoder = _decoder(input_shape, num_classes, latent_dim, filters)
    mean, log_var = encoder([image, label])
    latent = GaussianSampling(name="sampling")((mean, log_var))
    posterior = layers.Concatenate(name="posterior", dtype="float32")([mean, log_var])
    costs = [bernoulli_nats(image, decoder([latent, label])), gaussian_kl(None, posterior)]
    generative = keras.Model([image, label], costs, name="generative")
    return SemiSupervised(network, generative, alpha=alpha, name="semi_supervised_vae")


def _encoder(input_shape, num_classes, latent_dim, filters, units):
    image, label = keras.Input(input_shape, name="image"), keras.Input((num_classes,), name="label")
    x = layers.Concatenate(name="both")([shrink(image, filters), label])
    x = layers.Dense(units, activation="relu", name="hidden")(x)
    # float32: the divergence takes the exponential of the logarithm.
    mean = layers.Dense(latent_dim, name="mean", dtype="float32")(x)
    log_var = layers.Dense(latent_dim, name="log_var", dtype="float32")(x)
    return keras.Model([image, label], (mean, log_var), name="encoder")


def _decoder(input_shape, num_classes, latent_dim, filters):
    latent = keras.Input((latent_dim,), name="latent")
    label = keras.Input((num_classes,), name="label")
    x = layers.Concatenate(name="both")([latent, label])
    return keras.Model([latent, label], grow(x, input_shape, filters), name="decoder")
