"""Asking a model by its task."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from PIL import Image

from kerascnn import edge

PICTURE = np.arange(0, 96, 2, dtype=np.uint8).reshape(4, 4, 3)


def described(path, **fields):
    edge.write_metadata(path, edge.Metadata(**fields))
    return edge.load(path)


@pytest.fixture
def scorer(identity):
    """A model whose scores are the pixels of a 2x2 grey picture."""
    return identity((1, 2, 2, 1), (1, 4))


def test_classes_come_best_first(scorer):
    model = described(scorer, labels=("a", "b", "c", "d"), std=(10.0,))
    picture = np.array([[10, 30], [20, 30]], np.uint8)
    assert edge.classify(model, picture, top_k=3) == [
        edge.Class("b", 3.0, 1),
        edge.Class("d", 3.0, 3),
        edge.Class("c", 2.0, 2),
    ]
    assert [entry.index for entry in edge.classify(model, picture)] == [1, 3, 2, 0]


def test_classes_without_labels_are_numbered(scorer):
    picture = np.array([[1, 3], [2, 0]], np.uint8)
    assert [entry.label for entry in edge.classify(edge.load(scorer), picture, top_k=2)] == list(
        "12"
    )


def test_labels_that_do_not_fit_are_an_error(scorer):
    with pytest.raises(edge.ModelError, match="4, 3 labels"):
        edge.classify(described(scorer, labels=("a", "b", "c")), np.zeros((2, 2), np.uint8))


def test_no_classes_are_an_error(scorer):
    with pytest.raises(ValueError, match="top_k=0"):
        edge.classify(edge.load(scorer), np.zeros((2, 2), np.uint8), top_k=0)


def test_pictures_of_any_kind_give_the_same(scorer, tmp_path):
    model = edge.load(scorer)
    picture = np.array([[10, 30], [20, 40]], np.uint8)
    Image.fromarray(picture).save(tmp_path / "picture.png")
    expected = edge.classify(model, picture)
    assert edge.classify(model, tmp_path / "picture.png") == expected
    assert edge.classify(model, Image.fromarray(picture)) == expected
    assert edge.classify(model, np.stack([picture] * 3, axis=-1)) == expected


def test_embeddings_have_length_one(scorer):
    model = described(scorer, std=(1.0,))
    vector = edge.embed(model, np.array([[0, 3], [4, 0]], np.uint8))
    np.testing.assert_allclose(vector, [0, 0.6, 0.8, 0], rtol=1e-6)
    with pytest.raises(edge.ModelError, match="zero"):
        edge.embed(model, np.zeros((2, 2), np.uint8))


def test_masks_hold_the_best_class_of_each_pixel(identity):
    model = edge.load(identity((1, 4, 4, 3), (1, 4, 4, 3)))
    picture = np.random.default_rng(0).permutation(48).astype(np.uint8).reshape(4, 4, 3)
    mask = edge.segment(model, picture)
    assert mask.dtype == np.int32
    for row, column in np.ndindex(4, 4):
        assert mask[row, column] == list(picture[row, column]).index(max(picture[row, column]))


def test_masks_of_one_class_are_where_the_score_is_positive(identity):
    model = described(identity((1, 2, 2, 1), (1, 2, 2, 1)), mean=(100.0,))
    mask = edge.segment(model, np.array([[99, 100], [101, 255]], np.uint8))
    np.testing.assert_array_equal(mask, [[0, 0], [1, 1]])


def test_things_of_one_class_that_do_not_touch_are_instances(identity):
    model = edge.load(identity((1, 3, 4, 1), (1, 3, 4, 1)))
    picture = np.array([[9, 0, 0, 9], [9, 9, 0, 9], [0, 0, 9, 0]], np.uint8)
    numbers = edge.instances(model, picture)
    assert numbers.dtype == np.int32
    assert numbers.tolist() == [[1, 0, 0, 2], [1, 1, 0, 2], [0, 0, 3, 0]]


def test_a_mask_needs_scores_for_pixels(scorer):
    with pytest.raises(edge.ModelError, match=r"shape=\(1, 4\)"):
        edge.segment(edge.load(scorer), np.zeros((2, 2), np.uint8))


def test_reconstructions_are_pictures(identity):
    options = {"mean": (127.5,), "std": (127.5,), "output_mean": (127.5,), "output_std": (127.5,)}
    model = described(identity((1, 4, 4, 3), (1, 4, 4, 3)), channel_order="BGR", **options)
    result = edge.reconstruct(model, PICTURE)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, PICTURE)


def test_of_several_outputs_the_reconstruction_is_taken(identity):
    shapes = (1, 4, 4, 3), (1, 48), (1, 2, 8, 3), (1, 4, 4, 3)
    path = identity(*shapes)
    assert edge.reconstruct(edge.load(path), PICTURE).shape == (2, 8, 3)
    named = {"x": "image", "y0": "posterior", "y1": "other", "y2": "reconstruction"}
    path = identity(*shapes, signature=named, name="named.tflite")
    np.testing.assert_array_equal(edge.reconstruct(edge.load(path), PICTURE), PICTURE)


def test_no_picture_among_the_outputs_is_an_error(scorer):
    with pytest.raises(edge.ModelError, match="must give pictures"):
        edge.reconstruct(edge.load(scorer), np.zeros((2, 2), np.uint8))


def test_generated_pictures_depend_on_the_seed_only(identity):
    model = described(identity((1, 12), (1, 2, 2, 3)), output_mean=(128.0,), output_std=(30.0,))
    pictures = edge.generate(model, 200, seed=3)
    assert (pictures.shape, pictures.dtype) == ((200, 2, 2, 3), np.uint8)
    np.testing.assert_array_equal(edge.generate(model, 200, seed=3), pictures)
    assert (edge.generate(model, 200, seed=4) != pictures).mean() > 0.9
    assert abs(pictures.mean() - 128) < 3
    assert abs(pictures.std() - 30) < 3


def test_no_pictures_to_generate_are_an_error(identity):
    with pytest.raises(ValueError, match="count=0"):
        edge.generate(edge.load(identity((1, 12), (1, 2, 2, 3))), 0)


def test_models_of_several_inputs_are_errors(write_model):
    path = write_model(
        {name: ((1, 2, 2, 1), "float32") for name in "abc"},
        [("ADD", ["a", "b"], ["c"], schema.AddOptionsT())],
        ["a", "b"],
        ["c"],
    )
    with pytest.raises(edge.ModelError, match="more than a picture"):
        edge.classify(edge.load(path), np.zeros((2, 2), np.uint8))


def test_models_of_several_outputs_give_no_classes(identity):
    model = edge.load(identity((1, 2, 2, 1), (1, 4), (1, 4)))
    with pytest.raises(edge.ModelError, match="one output"):
        edge.classify(model, np.zeros((2, 2), np.uint8))
