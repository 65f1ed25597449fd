"""The precision of regions and phrases, against cases that are counted by hand."""

import numpy as np
import pytest

from kerascnn.tasks.region_precision import Described, region_precision

LEFT, RIGHT, NOWHERE = (0, 0, 1, 0.5), (0, 0.5, 1, 1), (0.9, 0.9, 1, 1)


def described(*regions):
    boxes, phrases, scores = zip(*regions, strict=True) if regions else ((), (), ())
    return Described(np.array(boxes, float).reshape(-1, 4), phrases, np.array(scores))


TRUTH = [described((LEFT, (2, 3, 4), 1), (RIGHT, (5, 6), 1))]


@pytest.mark.parametrize(
    ("found", "boxes", "whole"),
    [
        ([(LEFT, (2, 3, 4), 0.9), (RIGHT, (5, 6), 0.8)], 1.0, 1.0),
        ([(RIGHT, (5, 6), 0.8)], 0.5, 0.5),
        # What is surest is nowhere: of two the second is right, of three two.
        ([(NOWHERE, (2,), 0.9), (LEFT, (2, 3, 4), 0.8), (RIGHT, (5, 6), 0.7)], 2 / 3, 2 / 3),
        # Two of the three words in their order, 0.67: right at likenesses of 0, 0.2, 0.4 and 0.6.
        ([(LEFT, (2, 3, 7), 0.9), (RIGHT, (5, 6), 0.8)], 1.0, (4 * 1.0 + 2 * 0.25) / 6),
        ([(LEFT, (2, 3, 4), 0.9), (LEFT, (2, 3, 4), 0.8)], 0.5, 0.5),  # the second adds nothing
        ([], 0.0, 0.0),
    ],
)
def test_the_area_is_that_counted_by_hand(found, boxes, whole):
    scores = region_precision([described(*found)], TRUTH)
    assert scores["map_boxes"] == pytest.approx(boxes)
    assert scores["map"] == pytest.approx(whole)


def test_a_region_that_overlaps_by_half_is_right_at_three_of_five_overlaps():
    half = [described((LEFT, (2, 3, 4), 0.9), ((0, 0.5, 0.52, 1), (5, 6), 0.8))]
    assert region_precision(half, TRUTH)["map"] == pytest.approx((3 * 1.0 + 2 * 0.5) / 5)


def test_surer_regions_of_other_images_come_first():
    truth = [described((LEFT, (2,), 1)), described((RIGHT, (3,), 1))]
    found = [described((NOWHERE, (2,), 0.9)), described((RIGHT, (3,), 0.8))]
    assert region_precision(found, truth)["map"] == pytest.approx(0.25)


def test_images_without_regions_have_no_precision():
    with pytest.raises(ValueError, match="without one"):
        region_precision([described()], [described()])
