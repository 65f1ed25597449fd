"""What an experiment must reach, and how much rounding may lose of it."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping

_COMPARE = {">=": operator.ge, "<=": operator.le}
_SHARES = ("accuracy", "mean_iou")  # metrics of which a rounded form may lose only so much:
_MOST_LOST = {"int8": 0.005, "qat": 0.002}
_PRECISIONS = ("map_50", "pck_08")  # metrics of which it must keep a share:
_LEAST_KEPT = 0.95
_DECIBELS = ("psnr",)  # metrics of which it may lose 0.3 dB
_MOST_DECIBELS = 0.3
_MOST_ANSWERS = 0.01  # that are others than those of the model that trained with rounding


def failures(
    scores: Mapping[str, Mapping[str, float]],
    conditions: Iterable[str],
    metric: str,
    agreement: float | None = None,
    lost: Mapping[str, float] | None = None,
) -> tuple[str, ...]:
    """Say which conditions do not hold, and where rounding lost more than it may.

    Args:
        scores: Every metric by form.
        conditions: What every form must reach.
        metric: The headline metric. Of an accuracy or a mean IoU, int8 may lose 0.005 after
            training and 0.002 by training with its rounding; of a mean average precision or a share
            of right key points, a twentieth; of a peak signal to noise ratio, 0.3 dB.
        agreement: Share of the answers that the file has in common with the model that trained with
            its rounding, of which 0.99 must be; None where there is none.
        lost: What rounding may lose by form, where it is another share, and of those answers, as
            `answers`.
    """
    most_lost = {**_most_lost(metric, scores["keras"]), **(lost or {})}
    least = 1 - most_lost.pop("answers", _MOST_ANSWERS)
    missed = [
        f"{condition} in {form}: {score[condition.split()[0]]:.4g}"
        for form, score in scores.items()
        for condition in conditions
        if not holds(condition, score)
    ]
    for form, most in most_lost.items():
        less = scores["keras"][metric] - scores[form][metric] if form in scores else 0.0
        if less > most:
            missed.append(f"{metric} lost <= {most:.3g} in {form}: {less:.4g}")
    if agreement is not None and agreement < least:
        missed.append(f"agreement >= {least:.3g} in qat: {agreement:.4g}")
    return tuple(missed)


def _most_lost(metric: str, scores: Mapping[str, float]) -> dict[str, float]:
    """Give what each rounded form may lose of a metric; none for one that has no limit."""
    if metric in _PRECISIONS:
        return {form: (1 - _LEAST_KEPT) * scores[metric] for form in _MOST_LOST}
    if metric in _DECIBELS:
        return dict.fromkeys(_MOST_LOST, _MOST_DECIBELS)
    return dict(_MOST_LOST) if metric in _SHARES else {}


def holds(condition: str, scores: Mapping[str, float]) -> bool:
    """Tell whether scores meet a condition such as `"accuracy >= 0.88"`."""
    metric, comparison, number = condition.split()
    return bool(_COMPARE[comparison](scores[metric], float(number)))
