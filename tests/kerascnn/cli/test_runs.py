from pathlib import Path

import pytest

from kerascnn.cli.configuration import parse_options
from kerascnn.cli.runs import Run, new_folder


def test_a_saved_run_opens_as_it_was(tmp_path):
    run = Run(
        folder=tmp_path / "run",
        system="unet",
        task="segmentation",
        data="shapes",
        epochs=3,
        data_options={"size": 32},
        model_options={"filters": 4},
    )
    run.save()
    assert Run.open(tmp_path / "run") == run


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"holds a config.json.*Received"):
        Run.open(tmp_path)


def test_a_run_without_a_trained_model_says_how_to_finish_it(tmp_path):
    run = Run(folder=tmp_path, system="unet", task="segmentation", data="shapes", epochs=1)
    with pytest.raises(ValueError, match="kerascnn train --resume"):
        run.model()


def test_new_folders_do_not_collide(tmp_path):
    first = new_folder(tmp_path, "unet")
    first.mkdir()
    second = new_folder(tmp_path, "unet")
    second.mkdir()
    assert [first, second, new_folder(tmp_path, "unet")] == [
        tmp_path / name for name in ("unet", "unet-2", "unet-3")
    ]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("size=28", 28),
        ("noise=0.3", 0.3),
        ("input_shape=(32, 32, 1)", (32, 32, 1)),
        ("weights=imagenet", "imagenet"),
        ("weights=None", None),
        ("path=a=b", "a=b"),
    ],
)
def test_options_are_literals_or_text(word, value):
    (parsed,) = parse_options([word]).values()
    assert parsed == value


@pytest.mark.parametrize("word", ["size", "=3", ""])
def test_an_option_needs_a_key_and_a_value(word):
    with pytest.raises(ValueError, match="key=value"):
        parse_options([word])


def test_the_configuration_holds_no_path_of_the_folder(tmp_path):
    Run(folder=tmp_path, system="a", task="b", data="c", epochs=1).save()
    assert str(tmp_path) not in Path(tmp_path, "config.json").read_text()
