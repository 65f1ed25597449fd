from pathlib import Path

import pytest

import kerascnn
from kerascnn import registry


def test_every_file_of_models_registers_its_system():
    folder = Path(kerascnn.models.__file__).parent
    files = {path.stem for path in folder.glob("*/*.py") if path.stem != "__init__"}
    systems = {kerascnn.get_system(name).name for name in kerascnn.list_models()}
    assert systems == files


def test_models_are_found_by_wildcard_and_task():
    assert kerascnn.list_models("*unet*", task="segmentation") == ["unet"]
    assert kerascnn.list_models("fcn*", task="detection") == []
    assert {"lenet5", "resnet", "resnet50"} <= set(kerascnn.list_models(task="classification"))
    assert kerascnn.list_models("nothing*") == []


def test_options_reach_the_builder():
    model = kerascnn.create_model(
        "unet", input_shape=(32, 32, 1), num_classes=3, filters=4, depth=2
    )
    assert model.output_shape == (None, 32, 32, 3)


def test_options_override_those_of_a_variant():
    model = kerascnn.create_model("resnet20", input_shape=(16, 16, 1), num_classes=3)
    assert model.input_shape == (None, 16, 16, 1)
    assert model.output_shape == (None, 3)


@pytest.mark.parametrize(("wrong", "nearest"), [("unett", "unet"), ("resnet5", "resnet50")])
def test_an_unknown_name_is_answered_with_the_nearest(wrong, nearest):
    with pytest.raises(ValueError, match=rf"{nearest}.*Received: {wrong}"):
        kerascnn.create_model(wrong)


def test_a_name_is_registered_once():
    def lenet5():
        """Builds nothing."""

    lenet5.__module__ = "kerascnn.models.classification.lenet5"
    kerascnn.list_models()
    with pytest.raises(ValueError, match=r"of this name exists.*lenet5"):
        registry.register(paper="", params=0, tiny={})(lenet5)


def test_a_builder_is_named_like_its_file():
    def build():
        """Builds nothing."""

    build.__module__ = "kerascnn.models.classification.nameless"
    with pytest.raises(ValueError, match="named like its file"):
        registry.register(paper="", params=0, tiny={})(build)


def test_an_unknown_attribute_of_the_package_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = kerascnn.nonsense
