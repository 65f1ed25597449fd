"""Nearest neighbours."""

import math

import numpy as np
import pytest

from kerascnn import edge

RANDOM = np.random.default_rng(0)
VECTORS = RANDOM.normal(size=(40, 6))
NAMES = [f"picture {i}" for i in range(40)]


def cosine(a, b):
    product = sum(x * y for x, y in zip(a, b, strict=True))
    return product / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def test_neighbours_come_by_their_cosine():
    gallery = edge.Gallery(VECTORS, NAMES)
    for query in RANDOM.normal(size=(10, 6)):
        expected = sorted(range(40), key=lambda i: -cosine(query, VECTORS[i]))[:7]
        found = gallery.nearest(query, 7)
        assert [one.index for one in found] == expected
        assert [one.label for one in found] == [NAMES[i] for i in expected]
        cosines = [cosine(query, VECTORS[i]) for i in expected]
        np.testing.assert_allclose([one.score for one in found], cosines, atol=1e-6)


def test_lengths_do_not_matter():
    scaled = edge.Gallery(VECTORS * RANDOM.uniform(0.1, 9, (40, 1)), NAMES)
    for query in VECTORS[:5]:
        found = scaled.nearest(3 * query)
        assert [one.index for one in found] == [
            one.index for one in edge.Gallery(VECTORS, NAMES).nearest(query)
        ]
        assert found[0].score == pytest.approx(1)


def test_equally_near_ones_keep_their_order():
    gallery = edge.Gallery(np.ones((4, 2)), "abcd")
    assert [one.label for one in gallery.nearest(np.ones(2), 9)] == list("abcd")


def test_a_gallery_is_written_and_read(tmp_path):
    path = tmp_path / "gallery"
    gallery = edge.Gallery(VECTORS, [*NAMES[:39], "zwölf"])
    gallery.save(path)
    again = edge.Gallery.load(path)
    assert again.labels == gallery.labels
    np.testing.assert_allclose(again.embeddings, gallery.embeddings, rtol=1e-6)


@pytest.mark.parametrize(
    ("vectors", "labels", "message"),
    [
        (np.ones(3), "abc", r"shape=\(3,\)"),
        (np.ones((0, 3)), "", r"shape=\(0, 3\)"),
        (np.ones((2, 3)), "abc", "3 labels"),
        ([[1.0, 0.0], [0.0, 0.0]], "ab", "not zero"),
        ([[np.nan, 0.0]], "a", "finite"),
    ],
)
def test_what_is_no_gallery_is_an_error(vectors, labels, message):
    with pytest.raises(ValueError, match=message):
        edge.Gallery(vectors, labels)


@pytest.mark.parametrize(
    ("vector", "k", "message"),
    [(np.ones(5), 1, r"shape=\(5,\)"), (np.ones(6), 0, "k=0"), (np.zeros(6), 1, "not zero")],
)
def test_what_has_no_neighbours_is_an_error(vector, k, message):
    with pytest.raises(ValueError, match=message):
        edge.Gallery(VECTORS, NAMES).nearest(vector, k)


def test_a_file_that_is_no_gallery_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="none"):
        edge.Gallery.load(tmp_path / "none.npz")
    np.savez(tmp_path / "other.npz", other=[1])
    np.save(tmp_path / "array.npy", [1])
    np.savez(tmp_path / "objects.npz", embeddings=np.array([{}]), labels=np.array(["a"]))
    (tmp_path / "text").write_text("no gallery")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "cut").write_bytes((tmp_path / "other.npz").read_bytes()[:40])
    for name in ("other.npz", "array.npy", "objects.npz", "text", "empty", "cut"):
        with pytest.raises(ValueError, match=name):
            edge.Gallery.load(tmp_path / name)
