import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from kerascnn import edge


@pytest.fixture
def conditional(write_model):
    """Draws its noise beside its class: four pixels, of which the last two are the class."""
    path = write_model(
        {
            "z": ((1, 2), "float32"),
            "c": ((1, 2), "float32"),
            "both": ((1, 4), "float32"),
            "size": ((4,), "int32", None, 0, [1, 2, 2, 1]),
            "image": ((1, 2, 2, 1), "float32"),
        },
        [
            ("CONCATENATION", ["z", "c"], ["both"], schema.ConcatenationOptionsT()),
            ("RESHAPE", ["both", "size"], ["image"], None),
        ],
        ["z", "c"],
        ["image"],
        signature={"z": "latent", "c": "label", "image": "image"},
    )
    fields = {"output_mean": (100.0,), "output_std": (40.0,), "labels": ("cat", "dog")}
    edge.write_metadata(path, edge.Metadata(task="generation", **fields))
    return edge.load(path)


def classes(pictures):
    return (pictures[:, 1, :, 0] == 140).tolist()


def test_classes_take_turns(conditional):
    pictures = edge.generate(conditional, 4)
    assert classes(pictures) == [[True, False], [False, True]] * 2


@pytest.mark.parametrize("label", [1, "1", "dog"])
def test_all_pictures_are_of_one_class(conditional, label):
    assert classes(edge.generate(conditional, 3, label=label)) == [[False, True]] * 3


@pytest.mark.parametrize("label", [2, -1, "cow"])
def test_other_classes_are_refused(conditional, label):
    with pytest.raises(ValueError, match=f"cat, dog.*Received: label={label}"):
        edge.generate(conditional, label=label)


def test_pictures_lead_from_one_seed_to_the_other(conditional):
    pictures = edge.generate(conditional, 9, seed=1, until=2).astype(float)
    for end, seed in ((0, 1), (-1, 2)):
        alone = edge.generate(conditional, 1, seed=seed)[0]
        assert np.abs(pictures[end] - alone).max() <= 1
    steps = np.abs(np.diff(pictures[:, 0, :, 0], axis=0)).max(axis=1)
    ends = np.abs(pictures[0] - pictures[-1]).max()
    assert 0 < steps.max() < 0.4 * ends
    assert classes(edge.generate(conditional, 2, until=2)) == [[True, False]] * 2


def test_truncation_makes_pictures_alike(conditional):
    free, cut = (edge.generate(conditional, 400, truncation=t)[:, 0] for t in (None, 0.5))
    assert np.abs(cut.astype(float) - 100).max() <= 0.5 * 40 + 1
    assert cut.std() < 0.5 * free.std()
    with pytest.raises(ValueError, match=r"truncation=0\.0"):
        edge.generate(conditional, truncation=0.0)


def test_a_generator_without_classes_takes_no_label(identity):
    with pytest.raises(ValueError, match="no classes"):
        edge.generate(edge.load(identity((1, 12), (1, 2, 2, 3))), label=1)


def test_a_model_of_classes_alone_is_no_generator(write_model):
    path = write_model(
        {
            "x": ((1, 4), "float32"),
            "size": ((4,), "int32", None, 0, [1, 2, 2, 1]),
            "y": ((1, 2, 2, 1), "float32"),
        },
        [("RESHAPE", ["x", "size"], ["y"], None)],
        ["x"],
        ["y"],
        signature={"x": "label", "y": "image"},
    )
    with pytest.raises(edge.ModelError, match="latent"):
        edge.generate(edge.load(path))
