import keras
import numpy as np
import pytest

from kerascnn.layers import Inception, LocalResponseNormalization
from kerascnn.models.classification.googlenet import googlenet

SMALL = {"input_shape": (16, 16, 1), "width": 1 / 32, "num_classes": 3}


@pytest.fixture(scope="module")
def paper():
    with keras.StatelessScope(initialize_variables=False):
        return googlenet()


def test_the_maps_have_the_sizes_of_the_paper(paper):
    modules = {
        layer.name.removeprefix("inception_"): layer.output.shape[1:]
        for layer in paper.network.layers
        if isinstance(layer, Inception)
    }
    channels = {"3": (256, 480), "4": (512, 512, 512, 528, 832), "5": (832, 1024)}
    sides = {"3": 28, "4": 14, "5": 7}
    assert modules == {
        f"{stage}{letter}": (sides[stage], sides[stage], count)
        for stage, counts in channels.items()
        for letter, count in zip("abcde", counts, strict=False)
    }


def test_kernels_of_5x5_are_5x5(paper):
    steps = paper.network.get_layer("inception_3a").steps
    kernels = [step.kernel.shape for step in steps if isinstance(step, keras.layers.Conv2D)]
    assert (5, 5, 16, 32) in kernels


def test_two_auxiliary_classifiers_train_and_are_not_deployed(paper):
    assert paper.network.count_params() == 13_378_280
    assert [output.shape for output in paper.network.outputs] == [(None, 1000)] * 3
    assert paper.weight == 0.3
    for place, channels in (("4a", 512), ("4d", 528)):
        layer = paper.network.get_layer(f"auxiliary_{place}_pool")
        assert layer.input.shape[-1] == channels
        assert layer.output.shape[1:3] == (4, 4)
    assert not [one.name for one in paper.deployable.layers if "auxiliary" in one.name]


@pytest.mark.parametrize(
    ("blocks", "places"), [((0, 1, 0), ["4a"]), ((1, 3, 1), ["4a"]), ((0, 4, 0), ["4a", "4d"])]
)
def test_an_auxiliary_classifier_stands_where_its_module_does(blocks, places):
    model = googlenet(**SMALL, blocks=blocks)
    heads = [layer.name for layer in model.network.layers if isinstance(layer, keras.layers.Dense)]
    assert [f"auxiliary_{place}" for place in places] == [
        name for name in heads if name.startswith("auxiliary") and not name.endswith("dense")
    ]


def test_the_stem_is_normalized_twice_or_not_at_all():
    for normalize, count in ((True, 2), (False, 0)):
        layers = googlenet(**SMALL, blocks=(0, 1, 0), normalize=normalize).deployable.layers
        assert sum(isinstance(one, LocalResponseNormalization) for one in layers) == count


def test_all_classifiers_give_logits_when_asked_to():
    model = googlenet(**SMALL, blocks=(0, 1, 0), classifier_activation=None)
    for outputs in model.network(np.zeros((1, 16, 16, 1), "float32")):
        np.testing.assert_array_equal(outputs, np.zeros((1, 3)))


@pytest.mark.parametrize("blocks", [(2, 5), (3, 5, 2), (2, 0, 2), (2, 6, 2)])
def test_blocks_that_the_paper_does_not_have_are_refused(blocks):
    with pytest.raises(ValueError, match="Received: blocks="):
        googlenet(blocks=blocks)
