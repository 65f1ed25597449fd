"""Images without what was done to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from kerascnn.data import Dataset
from kerascnn.layers import BicubicResampling
from kerascnn.tasks.drawing import Section, Tile, gallery
from kerascnn.tasks.noise import fixed_normal
from kerascnn.tasks.outputs import single
from kerascnn.tasks.shapes import check_images
from kerascnn.tasks.task import Task

_COLUMNS = 8


class Restoration(Task):
    """Give back an image that was shrunk or made noisy.

    What is done to the images of the data is a matter of the model, a `training.Restorer`, which
    is trained on clean ones.
    """

    name = "restoration"
    data = "photographs"
    metric = "psnr"
    chooses = False

    def example(self, example: Mapping[str, tf.Tensor], model: keras.Model) -> tuple[Any, ...]:
        """Give the clean image alone."""
        del model
        return (self.scale(example["image"]),)

    def compile(self, model: keras.Model, *, learning_rate: float | None = None) -> None:
        """Minimise the model's own loss by Adam at 1e-3."""
        model.compile(
            optimizer=keras.optimizers.Adam(learning_rate or 1e-3), loss=model.default_loss
        )

    def inputs(self, model: keras.Model, examples: Mapping[str, np.ndarray]) -> np.ndarray:
        """Degrade the images, with noise that is always the same for the same examples."""
        clean = super().inputs(model, examples)
        shape = (*(side // model.shrink for side in clean.shape[1:3]), clean.shape[-1])
        noise = fixed_normal(clean, (len(clean), *shape))
        return keras.ops.convert_to_numpy(model.degrade(clean, noise))

    def score(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Measure how near the restored images are to the clean ones.

        `psnr` is the ratio of the squared range to the mean squared error of all pixels, in dB,
        `ssim` the mean structural similarity, at most 1, and `gain` what `psnr` is above that of
        the degraded images, enlarged by bicubic convolution where they are smaller.
        """
        clean = np.asarray(examples["image"], np.float32)
        restored, before = _restored(outputs, examples), _enlarged(examples["input"], clean)
        psnr = _psnr(clean, restored)
        similar = [
            structural_similarity(*pair, data_range=1.0, channel_axis=-1)
            for pair in zip(clean, restored, strict=True)
        ]
        return {
            "psnr": psnr,
            "ssim": float(np.mean(similar)),
            "gain": psnr - _psnr(clean, before),
        }

    def picture(
        self, examples: Mapping[str, np.ndarray], outputs: Any, dataset: Dataset
    ) -> Image.Image:
        """Draw the first images as they were given, restored, and clean."""
        del dataset
        some = {key: np.asarray(values)[:_COLUMNS] for key, values in examples.items()}
        clean = some["image"]
        restored = _restored(outputs, examples)[:_COLUMNS]
        rows = {"Given": _enlarged(some["input"], clean), "Restored": restored}
        sections = [
            Section(
                f"{title}, with its peak signal to noise ratio",
                [
                    Tile(image, f"{_psnr(true, image):.1f} dB")
                    for image, true in zip(images, clean, strict=True)
                ],
            )
            for title, images in rows.items()
        ]
        sections.append(Section("Clean", [Tile(image) for image in clean]))
        return gallery(sections, columns=_COLUMNS)

    def check(self, model: keras.Model, dataset: Dataset) -> None:
        """Refuse a model that does not say what it restores from."""
        if not hasattr(model, "degrade"):
            raise ValueError(
                "The model must say what it restores from; wrap it in kerascnn.training.Restorer. "
                f"Received: {model.name}, without degrade"
            )
        super().check(model, dataset)

    def check_shape(self, model: keras.Model, dataset: Dataset) -> None:
        """Refuse a model that does not give images of the data's shape."""
        shape = getattr(model, "deployable", model).output_shape[1:]
        check_images("The model's output", shape, dataset)


def _restored(outputs: Any, examples: Mapping[str, np.ndarray]) -> np.ndarray:
    """Give the images among the outputs, in [0, 1]."""
    restored = single(outputs, examples)
    if restored.shape != examples["image"].shape:
        raise ValueError(
            f"Restored images must have the shape of the clean ones, {examples['image'].shape}. "
            f"Received: {restored.shape}"
        )
    return np.clip(restored, 0.0, 1.0)


def _enlarged(images: np.ndarray, clean: np.ndarray) -> np.ndarray:
    """Give degraded images the size of the clean ones, in [0, 1]."""
    up = clean.shape[1] // images.shape[1]
    return np.clip(keras.ops.convert_to_numpy(BicubicResampling(up=up)(images)), 0.0, 1.0)


def _psnr(clean: np.ndarray, images: np.ndarray) -> float:
    with np.errstate(divide="ignore"):  # equal images have an infinite ratio
        return float(peak_signal_noise_ratio(clean, images, data_range=1.0))
