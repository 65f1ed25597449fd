"""The convolutional autoencoder."""

import keras
from keras import layers

from kerascnn.models.coders import check_sides, grow, shrink
from kerascnn.registry import Experiment, register


@register(
    paper="https://doi.org/10.1007/978-3-642-21735-7_7",
    tiny={"input_shape": (8, 8, 1), "latent_dim": 2, "filters": 4},
    params=241_441,
    experiment=Experiment(
        data="digits",
        data_options={"size": 8},
        model_options={"latent_dim": 8},
        epochs=100,
        passes=("mse <= 0.022",),
    ),
)
def convolutional_autoencoder(
    input_shape: tuple[int, int, int] = (28, 28, 1),
    *,
    latent_dim: int = 32,
    filters: int = 32,
) -> keras.Model:
    """Build an autoencoder with two strided convolutions on each side of a narrow code.

    Trained to draw the image that it sees, without labels; the code is all that the decoder knows.

    Differs from the paper: all layers are trained at once, not one after the other; strides in
    place of max-pooling, and a dense layer that makes the code narrow.

    Args:
        input_shape: Height, width and channels of images in [0, 1]; sides divisible by 4.
        latent_dim: Numbers in a code.
        filters: Channels of the first convolution, doubled in the second.

    Returns:
        A model from images `(batch, height, width, channels)` to reconstructions of the same
        shape, in [0, 1] and float32. Its layers `encoder` and `decoder` are models of their own:
        image to code, `(batch, latent_dim)`, and code to image.

    Raises:
        ValueError: If a side is not divisible by 4.

    Example:
        >>> model = convolutional_autoencoder()
        >>> model.get_layer("encoder").output_shape
        (None, 32)

    Reference:
        https://doi.org/10.1007/978-3-642-21735-7_7
    """
    check_sides(input_shape)
    image = keras.Input(input_shape, name="image")
    code = layers.Dense(latent_dim, name="code")(shrink(image, filters))
    encoder = keras.Model(image, code, name="encoder")
    code = keras.Input((latent_dim,), name="code")
    decoder = keras.Model(code, grow(code, input_shape, filters), name="decoder")
    return keras.Model(image, decoder(encoder(image)), name="convolutional_autoencoder")
