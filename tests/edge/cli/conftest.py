"""The command of a device."""

from functools import partial

import pytest
from PIL import Image

from kerascnn import edge
from kerascnn.edge.cli import main


@pytest.fixture
def command(call):
    """Run `kerascnn-edge`."""
    return partial(call, main)


@pytest.fixture
def labelling(classifier):
    """A classifier that knows what its classes are called."""
    labels = ("cat", "dog", "owl")
    edge.write_metadata(classifier, edge.Metadata(task="classification", labels=labels))
    return classifier


@pytest.fixture
def film(tmp_path):
    """An animation of five frames."""
    pictures = [Image.new("L", (6, 4), level) for level in (0, 60, 120, 180, 240)]
    pictures[0].save(tmp_path / "film.gif", save_all=True, append_images=pictures[1:])
    return tmp_path / "film.gif"
