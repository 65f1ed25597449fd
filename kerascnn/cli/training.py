"""Trains a run and scores what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from kerascnn import export
from kerascnn.cli.runs import Run
from kerascnn.data import arrays
from kerascnn.tasks.deployment import Predict
from kerascnn.tasks.fidelity import fidelity, inception_features
from kerascnn.tasks.fit import train
from kerascnn.tasks.generation import Generation
from kerascnn.tasks.imitation import imitate, without_chance
from kerascnn.training import parts, synchronize_normalization
from kerascnn.training.distribution import worker_number


def train_run(
    run: Run,
    *,
    resume: bool = False,
    strategy: tf.distribute.Strategy | None = None,
    synchronize: bool = False,
    **options: Any,
) -> dict[str, float]:
    """Train a run into its folder and score it on the test split.

    Args:
        run: What to train.
        resume: Go on with the last whole epoch in the folder.
        strategy: What to train under; the present strategy when None.
        synchronize: Let batch normalisation see the batch of all replicas.
        **options: Further arguments of `kerascnn.tasks.train`.

    Returns:
        The score by metric; of several workers only the chief has one.

    Raises:
        ValueError: If the folder holds another run, or the data cannot be used.
    """
    if not resume and (run.folder / "history.csv").exists():
        raise ValueError(
            f"A run folder is used once; go on with --resume {run.folder}, or name another with "
            f"--run. Received: {run.folder}"
        )
    strategy = strategy or tf.distribute.get_strategy()
    with strategy.scope():
        model = run.build()
    if synchronize:
        synchronize_normalization(model)
    run.save()
    train(
        model,
        run.purpose,
        run.dataset,
        run.folder,
        epochs=run.epochs,
        batch_size=run.batch_size,
        learning_rate=run.learning_rate,
        resume=resume,
        seed=run.seed,
        **options,
    )
    return {} if worker_number(strategy) else score_keras(run)


def train_aware(run: Run, epochs: int, part: str = "model") -> keras.Model:
    """Train a copy of a part that a run deploys to give the same with the rounding of int8.

    The export takes its ranges.

    Args:
        run: The run, trained.
        epochs: Passes over its training split.
        part: Name of the part, as `kerascnn.training.parts` gives it.
    """
    model = run.model()
    aware = export.quantize_aware(without_chance(parts(model)[part]))
    imitate(
        aware,
        model,
        run.purpose,
        run.dataset.train,
        part=part,
        epochs=epochs,
        batch_size=run.batch_size,
        seed=run.seed,
    )
    return aware


def score_keras(run: Run) -> dict[str, float]:
    """Score the trained Keras model of a run on the test split, and draw its predictions."""
    model = run.model()
    return score_predictions(run, model, _keras(model), run.folder / "predictions.png")


def score_predictions(
    run: Run, model: keras.Model, runs: Mapping[str, Predict], picture: Path | None
) -> dict[str, float]:
    """Score what any runtime predicts on the test split of a run.

    Args:
        run: The run.
        model: Its trained model, which decides what it is fed.
        runs: For each part that is deployed, what gives its outputs for a batch of inputs.
        picture: Where to draw the predictions; nowhere when None.
    """
    examples, outputs = _predicted(run, model, runs)
    if picture:
        run.purpose.picture(examples, outputs, run.dataset).save(picture)
    return run.purpose.score(outputs, examples)


def score_on_imagenet(run: Run) -> dict[str, float]:
    """Compare what a run generates with the test split by a network that knows ImageNet.

    Returns:
        `fid` and `kid`, and precision and recall by the same features.

    Raises:
        ValueError: If the run is not of the task generation.
    """
    task = run.purpose
    if not isinstance(task, Generation):
        raise ValueError(f"Only generated images are compared so. Received: a run of {task.name}")
    model = run.model()
    examples, outputs = _predicted(run, model, _keras(model))
    images = task.images(outputs, examples), examples["image"]
    scores = fidelity(*map(inception_features, images))
    names = {"fid": "frechet_distance", "kid": "kernel_distance"}
    names |= {f"inception_{name}": name for name in ("precision", "recall")}
    return {name: scores[key] for name, key in names.items()}


def _keras(model: keras.Model) -> dict[str, Predict]:
    return {name: partial(one.predict, verbose=0) for name, one in parts(model).items()}


def _predicted(run: Run, model: keras.Model, runs: Mapping[str, Predict]) -> tuple[Any, Any]:
    examples = arrays(run.dataset.test)
    examples["input"] = run.purpose.inputs(model, examples)
    return examples, run.purpose.predict(runs, model, examples)
