"""Makes a data set of arrays."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import ArrayLike

from kerascnn.data.checks import check_boxes, check_images, check_labels, check_masks
from kerascnn.data.dataset import Dataset
from kerascnn.data.keypoints import check_keypoints, check_names, check_skeleton
from kerascnn.data.splits import split_columns


def from_arrays(
    name: str,
    images: ArrayLike,
    labels: ArrayLike | None = None,
    masks: ArrayLike | None = None,
    *,
    instances: ArrayLike | None = None,
    boxes: ArrayLike | None = None,
    classes: ArrayLike | None = None,
    keypoints: ArrayLike | None = None,
    label_names: Sequence[str] = (),
    point_names: Sequence[str] = (),
    skeleton: ArrayLike = (),
    source: str = "",
    licence: str = "",
    validation: float = 0.15,
    test: float = 0.15,
    seed: int = 0,
) -> Dataset:
    """Make a data set of arrays, split by class where there are labels.

    Args:
        name: What to call it.
        images: `(count, height, width[, channels])`, uint8 or floating point in [0, 1].
        labels: Integers from 0, `(count,)`.
        masks: Integers from 0 (background), `(count, height, width)`.
        instances: 0 for the background and a number for each thing, `(count, height, width)`.
        boxes: `(ymin, xmin, ymax, xmax)` in [0, 1], `(count, boxes, 4)`.
        classes: Integers from 1 (0 is the background), one a box, -1 where there is none,
            `(count, boxes)`.
        keypoints: y and x in [0, 1] and 1 for each point, 0 as the third where it is not marked,
            `(count, boxes, points, 3)`.
        label_names: Name of each value of the labels, masks or classes; their numbers when empty.
        point_names: Name of each key point; their numbers when empty.
        skeleton: Pairs of key points that a limb joins, as indices, `(limbs, 2)`.
        source: Where the images come from.
        licence: The terms under which they may be used.
        validation: Share of the validation split, in (0, 1).
        test: Share of the test split, in (0, 1).
        seed: Seed of the split.

    Raises:
        ValueError: If an array is empty, of the wrong shape or type, not finite or out of range,
            there are boxes without classes, or a split would be empty.

    Example:
        >>> dataset = from_arrays("mine", images, labels, label_names=("cat", "dog"))
    """
    columns = {"image": check_images(images)}
    count = len(columns["image"])
    if labels is not None:
        columns["label"] = check_labels(labels, count, label_names)
    if masks is not None:
        columns["mask"] = check_masks(masks, columns["image"].shape, label_names)
    if instances is not None:
        columns["instances"] = check_masks(instances, columns["image"].shape, (), "instances")
    if (boxes is None) != (classes is None):
        given = "boxes" if classes is None else "classes"
        raise ValueError(f"Boxes and classes come together. Received: {given} alone")
    if boxes is not None and classes is not None:
        columns["boxes"], columns["classes"] = check_boxes(boxes, classes, count, label_names)
    points: Sequence[str] = ()
    if keypoints is not None:
        boxed = columns["boxes"].shape[1] if "boxes" in columns else None
        columns["keypoints"] = check_keypoints(keypoints, count, boxed)
        points = check_names(point_names, columns["keypoints"].shape[2])
    values = [columns[key].max() for key in ("label", "mask", "classes") if key in columns]
    return Dataset(
        name=name,
        source=source,
        licence=licence,
        labels=tuple(label_names) or tuple(map(str, range(max(values, default=-1) + 1))),
        shape=columns["image"].shape[1:],
        points=tuple(points),
        skeleton=check_skeleton(skeleton, len(points)),
        **split_columns(columns, (validation, test), seed=seed, groups=columns.get("label")),
    )
