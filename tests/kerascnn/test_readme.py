"""The README's list of layers and losses: complete, and true."""

import inspect
import re
from pathlib import Path

import keras
import pytest

from kerascnn import layers, losses, registry

TEXT = (Path(__file__).parents[2] / "README.md").read_text()
SECTION = re.search(r"\n## Layers and losses\n(.*?)\n## ", TEXT, re.DOTALL).group(1)
BLOCKS = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=["losses", "layers"])
def test_its_lines_run(block):
    x = keras.Input((4,))
    model = keras.Model(x, keras.layers.Dense(3)(x))
    logits = keras.ops.ones((2, 1))
    exec(block, {"model": model, "real_logits": logits, "fake_logits": logits})


@pytest.mark.parametrize("room", [layers, losses])
def test_it_names_every_layer_and_loss(room):
    classes = {name for name in room.__all__ if inspect.isclass(getattr(room, name))}
    # The Gaussian ones are parts of a variational autoencoder, which the README shows whole.
    named = set(re.findall(r"\w+", SECTION)) | {"GaussianKL", "GaussianSampling"}
    assert not classes - named


def test_it_lists_every_system():
    systems = {registry.get_system(name).name for name in registry.list_models()}
    assert systems <= set(re.findall(r"^\| `(\w+)`.* \| \w+ \| .*, \d{4} \|$", TEXT, re.M))
