"""The image data sets that Keras downloads."""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np

from kerascnn.data.checks import check_images, check_labels
from kerascnn.data.dataset import Dataset, slices
from kerascnn.data.splits import split_indices

_FASHION = "t-shirt trouser pullover dress coat sandal shirt sneaker bag ankle_boot"
_CIFAR10 = "airplane automobile bird cat deer dog frog horse ship truck"
_CIFAR100 = """apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge
bus butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab
crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard
lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom
oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider
squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout
tulip turtle wardrobe whale willow_tree wolf woman worm"""
_CIFAR_LICENCE = "not stated by the authors; they ask to be cited (A. Krizhevsky, 2009)"


class _Origin(NamedTuple):
    labels: str
    source: str
    licence: str


_ORIGINS = {
    "mnist": _Origin("0 1 2 3 4 5 6 7 8 9", "MNIST (Y. LeCun, C. Cortes)", "CC BY-SA 3.0"),
    "fashion_mnist": _Origin(_FASHION, "Fashion-MNIST (Zalando SE)", "MIT"),
    "cifar10": _Origin(_CIFAR10, "CIFAR-10 (A. Krizhevsky)", _CIFAR_LICENCE),
    "cifar100": _Origin(_CIFAR100, "CIFAR-100 (A. Krizhevsky)", _CIFAR_LICENCE),
}
_Arrays = tuple[np.ndarray, np.ndarray]

NAMES = tuple(_ORIGINS)


def keras_dataset(name: str, *, validation: float = 0.1) -> Dataset:
    """Serve a data set of `keras.datasets`, downloaded once and kept by Keras.

    Args:
        name: `mnist`, `fashion_mnist`, `cifar10` or `cifar100`.
        validation: Share of the published training images that becomes the validation split, in
            (0, 1), drawn evenly from all classes. The published test images are the test split.

    Raises:
        ConnectionError: If the data is not on this machine and cannot be downloaded.
        ValueError: If the share is out of range.
    """
    origin = _ORIGINS[name]
    labels = tuple(origin.labels.split())
    (images, classes), (tested_images, tested_classes) = _download(name)
    images, classes = _columns(images, classes, labels).values()
    chosen, held_out = split_indices(len(images), (validation,), groups=classes)
    return Dataset(
        name=name,
        source=f"{origin.source}, downloaded by keras.datasets",
        licence=origin.licence,
        labels=labels,
        shape=images.shape[1:],
        train=slices({"image": images[chosen], "label": classes[chosen]}),
        validation=slices({"image": images[held_out], "label": classes[held_out]}),
        test=slices(_columns(tested_images, tested_classes, labels)),
    )


def _columns(
    images: np.ndarray, classes: np.ndarray, labels: tuple[str, ...]
) -> dict[str, np.ndarray]:
    images = check_images(images)
    classes = check_labels(np.asarray(classes, np.int32).reshape(-1), len(images), labels)
    return {"image": images, "label": classes}


def _download(name: str) -> tuple[_Arrays, _Arrays]:
    try:
        train, test = getattr(keras.datasets, name).load_data()
    # Keras raises a bare Exception for a failed download.
    except Exception as error:
        raise ConnectionError(
            f"{name} could not be downloaded. Connect to the network, or use a data set that needs "
            f"none: digits, translated_digits or shapes. Received: {error}"
        ) from error
    return train, test
