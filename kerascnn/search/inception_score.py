"""How certain a classifier is of images, and how different they are."""

import numpy as np
from scipy.special import rel_entr


def inception_score(probabilities: np.ndarray) -> float:
    """Compute `exp(E[KL(p(y|x) || p(y))])`.

    Args:
        probabilities: Of the classes of each image, `(images, classes)`.

    Returns:
        From 1, for images of which all say the same, to the number of classes. Few images give
        less than many: the mean over them is itself an estimate.

    Example:
        >>> inception_score(np.eye(10))
        10.0

    Reference:
        https://arxiv.org/abs/1606.03498
    """
    shares = np.asarray(probabilities, np.float64)
    divergence = rel_entr(shares, shares.mean(axis=0, keepdims=True)).sum(axis=1)
    return float(np.exp(divergence.mean()))
