"""Encoders of the papers' sizes become files of integers, in a memory that a laptop has."""

import json
import subprocess
import sys

import pytest

from kerascnn import registry

TASKS = ("classification", "detection", "pose")
NAMES = sorted({registry.get_system(name).name for name in registry.list_models()})
SYSTEMS = [name for name in NAMES if registry.get_system(name).task in TASKS]
MEMORY = {"vgg": 8, "default": 16}  # GB, with the process that converts
EXPORT = """
import json, resource, sys
import keras
import numpy as np
from kerascnn import create_model, export

model = create_model(sys.argv[1])
deployable = getattr(model, "deployable", model)
shape = deployable.input_shape[1:]
images = np.random.default_rng(0).uniform(size=(2, *shape)).astype("float32")
flat = export.flatten(deployable)
normalizations = [x for x in flat.layers if isinstance(x, keras.layers.BatchNormalization)]
for layer in normalizations:
    layer.momentum = 0.0
if normalizations:  # as after training: otherwise a hundred of them let numbers grow to 1e14
    flat(images, training=True)
    model = flat
report = export.to_tflite(model, sys.argv[2], quantize="int8", calibration=images)
who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
peaks = [resource.getrusage(one).ru_maxrss for one in who]
print(json.dumps({
    "floats": len(report.float_operators),
    "operators": len(report.nodes),
    "macs": report.macs,
    "size": report.size,
    "memory": sum(peaks) / 2**20,
}))
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.mark.parametrize("name", SYSTEMS)
def test_all_of_it_is_integers(name, request, tmp_path):
    if reason := registry.get_system(name).unsupported.get("int8_at_paper_size"):
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    words = [sys.executable, "-c", EXPORT, name, tmp_path / "model.tflite"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    print(f"\n{name}: {told}")
    assert told["floats"] == 0
    assert told["macs"] > 0
    assert told["memory"] < MEMORY.get(name, MEMORY["default"])
