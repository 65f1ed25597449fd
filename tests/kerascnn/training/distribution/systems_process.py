"""Train systems in their tiny configuration; print what went wrong with each.

Arguments: `replicas` or `xla`, and names of systems.
"""

import importlib.util
import json
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from kerascnn.training.distribution import choose

CONTRACT = Path(__file__).parents[2] / "test_contract.py"
way, *names = sys.argv[1:]
if way == "replicas":
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = choose("mirrored")[0] if way == "replicas" else tf.distribute.get_strategy()
spec = importlib.util.spec_from_file_location("contract", CONTRACT)
contract = importlib.util.module_from_spec(spec)
spec.loader.exec_module(contract)


def fit(case, model):
    """Train for three steps: a TPU on batches of one size, two replicas on a last one of 1."""
    model.jit_compile = way == "xla"
    examples = case.dataset.train.map(lambda example: case.task.example(example, model))
    batches = examples.batch(3, drop_remainder=True) if way == "xla" else examples.batch(4)
    return model.fit(batches, verbose=0).history


def wrong(name):
    """Train a system, and give what is wrong with it after an epoch; None where nothing is."""
    keras.utils.clear_session()
    case = contract.Case(name)
    try:
        with strategy.scope():
            model = case.build()
            case.task.compile(model)
        before = contract.values(model.trainable_variables)
        logs = fit(case, model)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:600]
    if not np.isfinite([*logs.values()]).all():
        return f"not finite: {logs}"
    # Biases may have no gradient for a while: of a hinge whose margins are all open, say.
    pairs = zip(model.trainable_variables, before, strict=True)
    kernels = [(v, old) for v, old in pairs if old.ndim > 1]
    still = [v.path for v, old in kernels if np.array_equal(old, contract.values(v)[0])]
    return f"not trained: {still}" if still else None


for name in names:
    print(json.dumps([name, wrong(name)]), flush=True)
