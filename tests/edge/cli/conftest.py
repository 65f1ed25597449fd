"""The command of a device."""

import pytest
from PIL import Image

from kerascnn import edge
from kerascnn.edge.cli import main


@pytest.fixture
def command(capsys, tmp_path, monkeypatch):
    """Run the command in an empty folder; gives exit code, standard output and errors."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        with pytest.raises(SystemExit) as exit_:
            main([str(word) for word in words])
        captured = capsys.readouterr()
        return exit_.value.code, captured.out, captured.err

    return run


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
