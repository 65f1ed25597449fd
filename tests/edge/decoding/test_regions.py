"""Which proposals are looked into."""

import numpy as np

from kerascnn import edge

BOXES = np.array([[0, 0, 0.5, 0.5], [0, 0, 0.5, 0.52], [0.5, 0.5, 1, 1], [0, 0.5, 0.5, 1]])


def test_the_best_come_first_and_of_those_that_show_the_same_the_best():
    chosen = edge.propose_regions(BOXES, np.array([0.2, 0.6, 0.9, 0.1]), 2)
    np.testing.assert_allclose(chosen, BOXES[[2, 1]], rtol=1e-6)


def test_zeros_fill_up():
    chosen = edge.propose_regions(BOXES, np.array([0.2, 0.6, 0.9, 0.1]), 5)
    np.testing.assert_allclose(chosen[:3], BOXES[[2, 1, 3]], rtol=1e-6)
    assert not chosen[3:].any()
