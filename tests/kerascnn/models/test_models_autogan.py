import itertools

import keras
import numpy as np
import pytest

from kerascnn.models.generation.autogan import autogan
from kerascnn.models.searched_cells import (
    CONVOLUTIONS,
    NORMALIZATIONS,
    UPSAMPLINGS,
    Cell,
    searched_generator,
)
from kerascnn.registry import get_system

RNG = np.random.default_rng(0)


def learned(network):
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)


def tiny(**options):
    keras.utils.set_random_seed(0)
    return autogan(**{**get_system("autogan").tiny, **options})


def test_the_networks_are_those_found_on_cifar():
    with keras.StatelessScope(initialize_variables=False):
        gan = autogan()
    assert learned(gan.generator) == 4_405_251
    assert learned(gan.discriminator) == 1_053_824
    norms = [layer for layer in gan.generator.layers if "norm" in layer.name]
    assert [layer.name for layer in norms] == ["norm32"]


@pytest.mark.parametrize(
    "choices", list(itertools.product(CONVOLUTIONS, NORMALIZATIONS, UPSAMPLINGS, (False, True)))
)
def test_every_cell_doubles_the_sides_of_its_maps(choices):
    cells = [Cell(*choices), Cell(*choices, (True,)), Cell(*choices, (True, False))]
    generator = searched_generator((16, 16, 2), 3, 4, cells)
    assert generator(np.zeros((2, 3), "float32")).shape == (2, 16, 16, 2)
    ups = sum(isinstance(one, keras.layers.Conv2DTranspose) for one in generator.layers)
    # In each cell, and twice to come from the first cell to the third.
    expected = (3 + 3 * choices[3] + 1 + 2) if choices[2] == "deconvolution" else 0
    assert ups == expected
    skips = [one for one in generator.layers if "skip" in one.name and "conv" in one.name]
    assert len(skips) == 2


def test_a_cell_activates_before_or_behind_its_convolutions():
    x = RNG.normal(size=(1, 3)).astype("float32")
    for kind, expected in (("pre", "re_lu"), ("post", "up")):
        generator = searched_generator((8, 8, 1), 3, 4, [Cell(kind, shortcut=False)])
        reshape = next(one for one in generator.layers if isinstance(one, keras.layers.Reshape))
        following = reshape.output._keras_history.operation
        after = [node.operation.name for node in following._outbound_nodes]
        assert len(after) == 1
        assert after[0].startswith(expected)
        assert generator(x).shape == (1, 8, 8, 1)


def test_layers_of_one_name_can_be_shared():
    made = {}

    def get(name, make):
        return made.setdefault(name, make()) if name not in made else made[name]

    plain = searched_generator((8, 8, 1), 3, 4, [Cell()], get)
    count = len(made)
    other = searched_generator((8, 8, 1), 3, 4, [Cell(upsampling="bilinear")], get)
    assert len(made) == count
    assert all(one is two for one, two in zip(plain.weights, other.weights, strict=True))


@pytest.mark.parametrize(
    "cells",
    [
        [],
        [("pre", None, "nearest", True, (True,))],
        [("around", None, "nearest", True, ())],
        [("pre", "layer", "nearest", True, ())],
        [("pre", None, "cubic", True, ())],
    ],
)
def test_cells_that_cannot_be_are_refused(cells):
    with pytest.raises(ValueError, match="cells"):
        tiny(cells=cells)


def test_sides_that_cannot_be_doubled_are_refused():
    with pytest.raises(ValueError, match="doubled"):
        tiny(input_shape=(10, 10, 1))
