"""Train systems in their tiny configuration, two at a time; print what went wrong with each.

Arguments: names of systems.
"""

import importlib.util
import itertools
import json
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from kerascnn.tasks.compiling import compile_model
from kerascnn.training.distribution import choose

CONTRACT = Path(__file__).parents[2] / "test_contract.py"
# Rewriting the graphs for speed takes longer than these few steps.
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
STRATEGIES = {"replicas": choose("mirrored")[0], "xla": tf.distribute.get_strategy()}
spec = importlib.util.spec_from_file_location("contract", CONTRACT)
contract = importlib.util.module_from_spec(spec)
spec.loader.exec_module(contract)


def fit(case, model, way):
    """Train for three steps: a TPU on batches of one size, two replicas on a last one of 1."""
    options = {"learning_rate": None, "steps_per_execution": 1, "accumulation_steps": 1}
    compile_model(model, case.task, epochs=1, xla=way == "xla", **options)
    examples = case.dataset.train.map(lambda example: case.task.example(example, model))
    batches = examples.batch(3, drop_remainder=True) if way == "xla" else examples.batch(4)
    return model.fit(batches, verbose=0).history


def wrong(name, way):
    """Train a system, and give what is wrong with it after an epoch; None where nothing is."""
    keras.utils.clear_session()
    case = contract.Case(name)
    try:
        with STRATEGIES[way].scope():
            model = case.build()
        before = contract.values(model.trainable_variables)
        logs = fit(case, model, way)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:600]
    if not np.isfinite([*logs.values()]).all():
        return f"not finite: {logs}"
    # Biases may have no gradient for a while: of a hinge whose margins are all open, say.
    pairs = zip(model.trainable_variables, before, strict=True)
    kernels = [(v, old) for v, old in pairs if old.ndim > 1]
    still = [v.path for v, old in kernels if np.array_equal(old, contract.values(v)[0])]
    return f"not trained: {still}" if still else None


if __name__ == "__main__":
    jobs = [*itertools.product(sys.argv[1:], ("replicas", "xla"))]
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        answers = pool.map(wrong, *zip(*jobs, strict=True))
        for (name, way), answer in zip(jobs, answers, strict=True):
            print(json.dumps([f"{name} by {way}", answer]), flush=True)
