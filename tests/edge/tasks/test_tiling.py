import numpy as np
import pytest

from kerascnn import edge

PICTURE = np.random.default_rng(0).integers(0, 256, (37, 50, 3), np.uint8)


@pytest.mark.parametrize("overlap", [None, 0, 1, 5, 7])
@pytest.mark.parametrize("size", [(37, 50), (8, 8), (5, 30), (3, 2), (16, 24)])
def test_what_changes_nothing_gives_the_picture_whatever_its_size(identity, size, overlap):
    model = edge.load(identity((1, 8, 8, 3), (1, 8, 8, 3)))
    picture = PICTURE[: size[0], : size[1]]
    np.testing.assert_array_equal(edge.improve(model, picture, overlap=overlap), picture)
    values = edge.tiled(model, picture, overlap=overlap)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, picture / 255.0, rtol=1e-5)


@pytest.mark.parametrize("overlap", [0, 3])
def test_values_of_a_larger_size_keep_their_places(write_model, overlap):
    tensors = {
        "x": ((1, 6, 8, 1), "float32"),
        "size": ((2,), "int32", None, 0, [12, 16]),
        "y": ((1, 12, 16, 1), "float32"),
    }
    operators = [("RESIZE_NEAREST_NEIGHBOR", ["x", "size"], ["y"], None)]
    model = edge.load(write_model(tensors, operators, ["x"], ["y"]))
    grey = PICTURE[..., :1]
    twice = grey.repeat(2, axis=0).repeat(2, axis=1)
    np.testing.assert_array_equal(edge.improve(model, grey, overlap=overlap), twice)


def test_where_tiles_overlap_each_counts_less_towards_its_border(write_model):
    """A model that gives the column of the tile: 0 at the left border, 7 at the right one."""
    columns = np.broadcast_to(np.arange(8.0)[:, None], (1, 8, 8, 1))
    tensors = {
        "x": ((1, 8, 8, 1), "float32"),
        "nothing": ((), "float32", None, 0, [0.0]),
        "columns": ((1, 8, 8, 1), "float32", None, 0, columns.ravel().tolist()),
        "blank": ((1, 8, 8, 1), "float32"),
        "y": ((1, 8, 8, 1), "float32"),
    }
    operators = [("MUL", ["x", "nothing"], ["blank"], None)]
    operators += [("ADD", ["blank", "columns"], ["y"], None)]
    model = edge.load(write_model(tensors, operators, ["x"], ["y"]))
    row = edge.tiled(model, np.zeros((8, 12), np.uint8), overlap=4)[0, :, 0]
    shares = np.array([0.5, 1.5, 2.5, 3.5]) / 4  # of the second tile, growing
    left, right = np.arange(4, 8), np.arange(4)
    expected = [0, 1, 2, 3, *((1 - shares) * left + shares * right), 4, 5, 6, 7]
    np.testing.assert_allclose(row, expected, rtol=1e-5)


def test_masks_of_large_pictures_come_in_their_size(identity):
    model = edge.load(identity((1, 8, 8, 3), (1, 8, 8, 3)))
    mask = edge.segment(model, PICTURE, overlap=2)
    np.testing.assert_array_equal(mask, PICTURE.argmax(axis=-1))


@pytest.mark.parametrize("overlap", [-1, 8])
def test_an_overlap_out_of_range_is_refused(identity, overlap):
    model = edge.load(identity((1, 8, 9, 3), (1, 8, 9, 3)))
    with pytest.raises(ValueError, match="Received: overlap="):
        edge.improve(model, PICTURE, overlap=overlap)


@pytest.mark.parametrize("output", [(1, 8, 4, 6), (1, 192), (1, 4, 16, 3)])
def test_a_model_that_gives_no_picture_of_its_size_is_refused(identity, output):
    model = edge.load(identity((1, 8, 8, 3), output))
    with pytest.raises(edge.ModelError, match="the sides of its input"):
        edge.tiled(model, PICTURE)
