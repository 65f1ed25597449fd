"""How far generated images are from real ones, by the features of a network that looks at both.

All of these are estimates: with few images the distances are too large or vary much, and precision
and recall are too small, so that only numbers of equally many images compare.
"""

from __future__ import annotations

import functools

import keras
import numpy as np
import tensorflow as tf
from sklearn.metrics.pairwise import euclidean_distances, polynomial_kernel
from sklearn.neighbors import NearestNeighbors

_SIDE = 299  # of the images that Inception-v3 was trained on


def fidelity(generated: np.ndarray, real: np.ndarray) -> dict[str, float]:
    """Compare the features of generated and of real images.

    Args:
        generated: `(count, features)`.
        real: `(count, features)`; the counts may differ, and are at least 2.

    Returns:
        `frechet_distance`; `kernel_distance`, which is 0 on average where both come from one
        distribution, whatever their number; `precision`, the share of generated images among real
        ones, and `recall`, the share of real images among generated ones.
    """
    return {
        "frechet_distance": frechet_distance(generated, real),
        "kernel_distance": kernel_distance(generated, real),
        "precision": coverage(generated, real),
        "recall": coverage(real, generated),
    }


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Distance of the Gaussians with the mean and covariance of two sets of features (FID).

    `|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))`, 0 for equal moments.

    Args:
        first: `(count, features)`.
        second: `(count, features)`; the counts may differ.

    Reference:
        https://arxiv.org/abs/1706.08500
    """
    cov1, cov2 = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    # The product is similar to a positive matrix, so its eigenvalues are real but for rounding.
    roots = np.sqrt(np.maximum(np.linalg.eigvals(cov1 @ cov2).real, 0))
    shift = np.sum(np.square(first.mean(axis=0) - second.mean(axis=0)))
    return float(shift + np.trace(cov1) + np.trace(cov2) - 2 * roots.sum())


def kernel_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Squared mean discrepancy by the kernel `(x . y / features + 1)^3`, without bias (KID).

    Args:
        first: `(count, features)`.
        second: `(count, features)`; the counts may differ.

    Reference:
        https://arxiv.org/abs/1801.01401
    """
    kernel = functools.partial(polynomial_kernel, degree=3, coef0=1)
    within = 0.0
    for one in (first, second):
        values = kernel(one)
        within += (values.sum() - np.trace(values)) / (len(one) * (len(one) - 1))
    return float(within - 2 * kernel(first, second).mean())


def coverage(points: np.ndarray, others: np.ndarray, *, neighbours: int = 3) -> float:
    """Share of points that lie as near to some other one as its nearest neighbours do.

    Args:
        points: `(count, features)`.
        others: `(count, features)`.
        neighbours: Which neighbour of an other one, among the others, is the limit.

    Reference:
        https://arxiv.org/abs/1904.06991
    """
    own = NearestNeighbors(n_neighbors=min(neighbours + 1, len(others))).fit(others)
    radii = own.kneighbors(others)[0][:, -1]
    return float(np.mean((euclidean_distances(points, others) <= radii).any(axis=1)))


def inception_features(images: np.ndarray) -> np.ndarray:
    """Look at images by Inception-v3 as it was trained on ImageNet, which Keras downloads.

    Args:
        images: `(count, height, width, 1 or 3)` in [0, 1].

    Returns:
        `(count, 2048)`.
    """
    network = keras.applications.InceptionV3(include_top=False, weights="imagenet", pooling="avg")
    batches = tf.data.Dataset.from_tensor_slices(images).batch(32).map(_prepared)
    return np.asarray(network.predict(batches, verbose=0))


def _prepared(images: tf.Tensor) -> tf.Tensor:
    if images.shape[-1] == 1:
        images = tf.image.grayscale_to_rgb(images)
    return tf.image.resize(images, (_SIDE, _SIDE), antialias=True) * 2 - 1
