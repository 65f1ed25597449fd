"""The cells of AutoGAN, and generators that are made of them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
from keras import layers

CONVOLUTIONS = ("post", "pre")
NORMALIZATIONS = (None, "batch", "instance")
UPSAMPLINGS = ("bilinear", "nearest", "deconvolution")

Get = Callable[[str, Callable[[], layers.Layer]], layers.Layer]


class Cell(NamedTuple):
    """What a cell of a generator does, which doubles the sides of its maps by two convolutions.

    Args:
        convolution: `"pre"`: activation before each convolution; `"post"`: behind it.
        normalization: `"batch"`, `"instance"`, or None for none.
        upsampling: How the sides are doubled: `"bilinear"`, `"nearest"`, or `"deconvolution"`.
        shortcut: Whether what comes in is added to what goes out.
        skips: For each cell before, whether what its first convolution gives is added to what this
            one's gives.
    """

    convolution: str = "pre"
    normalization: str | None = None
    upsampling: str = "nearest"
    shortcut: bool = True
    skips: tuple[bool, ...] = ()


CIFAR_A = (
    Cell(),
    Cell(upsampling="bilinear", skips=(True,)),
    Cell(shortcut=False, skips=(True, True)),
)


def check_cells(cells: Sequence[Sequence[Any]]) -> list[Cell]:
    """Give cells as `Cell`.

    Raises:
        ValueError: If there is none, or one has a choice that does not exist.
    """
    made = [Cell(*cell) for cell in cells]
    for number, cell in enumerate(made):
        allowed = (CONVOLUTIONS, NORMALIZATIONS, UPSAMPLINGS)
        wrong = any(one not in kinds for one, kinds in zip(cell[:3], allowed, strict=True))
        if wrong or len(cell.skips) != number:
            raise ValueError(
                f"Of cells each is one of {CONVOLUTIONS}, of {NORMALIZATIONS}, of {UPSAMPLINGS}, "
                f"whether there is a shortcut, and a skip for each cell before. Received: {cell}"
            )
    if not made:
        raise ValueError("A generator needs cells. Received: cells=()")
    return made


def searched_generator(
    input_shape: tuple[int, int, int],
    latent_dim: int,
    filters: int,
    cells: Sequence[Cell],
    get: Get = lambda name, make: make(),
) -> keras.Model:
    """Build a generator of cells.

    Args:
        input_shape: Height, width and channels of the images; each cell doubles the sides.
        latent_dim: Number of latent variables.
        filters: Channels of all maps.
        cells: The cells, the first one next to the noise.
        get: Gives the layer of a name; takes what makes it. By default all layers are new.

    Returns:
        A model from `(batch, latent_dim)` to images in [-1, 1] in float32.
    """
    start = [side // 2 ** len(cells) for side in input_shape[:2]]
    latent = keras.Input((latent_dim,), name="latent")
    units = start[0] * start[1] * filters
    x = get("project", lambda: layers.Dense(units, name="project"))(latent)
    x = layers.Reshape((*start, filters))(x)
    before: list[Any] = []
    for number, cell in enumerate(cells, 1):
        x = _cell(x, cell, before, filters, f"cell{number}", get)
    channels = input_shape[-1]
    size = input_shape[0]  # images of each size have layers of their own
    x = get(f"norm{size}", lambda: layers.BatchNormalization(momentum=0.9, name=f"norm{size}"))(x)
    x = _convolve(layers.ReLU()(x), channels, 3, f"image{size}", get)
    return keras.Model(latent, layers.Activation("tanh", dtype="float32")(x), name="generator")


def _cell(x, cell, before, filters, name, get):
    """Apply a cell, and add to `before` what later ones may take."""
    prepared = f"{name}_{cell.convolution}"
    first = _block(x, cell, filters, f"{prepared}1", get, double=True)
    for number, (other, taken) in enumerate(zip(before, cell.skips, strict=True), 1):
        if taken:
            skip = f"{name}_skip{number}"
            times = first.shape[1] // other.shape[1]
            other = _doubled(other, cell, times, skip, get)
            first = layers.Add()([first, _convolve(other, filters, 1, skip, get)])
    before.append(first)
    second = _block(first, cell, filters, f"{prepared}2", get, double=False)
    if not cell.shortcut:
        return second
    shortcut = _doubled(x, cell, 2, f"{name}_shortcut", get)
    return layers.Add()([second, _convolve(shortcut, filters, 1, f"{name}_shortcut", get)])


def _block(x, cell, filters, name, get, *, double):
    if cell.convolution == "pre":
        x = layers.ReLU()(_normalized(x, cell, name, get))
    if double:
        x = _doubled(x, cell, 2, name, get)
    x = _convolve(x, filters, 3, name, get)
    return x if cell.convolution == "pre" else layers.ReLU()(_normalized(x, cell, name, get))


def _doubled(x, cell, times, name, get):
    if cell.upsampling != "deconvolution":
        return layers.UpSampling2D(times, interpolation=cell.upsampling)(x)
    width = x.shape[-1]
    while times > 1:
        label = f"{name}_up{times}"
        x = get(label, lambda label=label: layers.Conv2DTranspose(width, 2, 2, name=label))(x)
        times //= 2
    return x


def _normalized(x, cell, name, get):
    label = f"{name}_{cell.normalization}"
    if cell.normalization == "batch":
        return get(label, lambda: layers.BatchNormalization(momentum=0.9, name=label))(x)
    if cell.normalization == "instance":
        plain = {"groups": -1, "center": False, "scale": False}
        return get(label, lambda: layers.GroupNormalization(**plain, name=label))(x)
    return x


def _convolve(x, filters, kernel_size, name, get):
    label = f"{name}_conv"
    return get(label, lambda: layers.Conv2D(filters, kernel_size, padding="same", name=label))(x)
