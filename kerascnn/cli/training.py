"""Trains a run and scores what came of it."""

from __future__ import annotations

from kerascnn.cli.runs import Run
from kerascnn.data import arrays
from kerascnn.tasks.fit import train


def train_run(run: Run, *, resume: bool = False) -> dict[str, float]:
    """Train a run into its folder and score it on the test split.

    Args:
        run: What to train.
        resume: Go on with the last whole epoch in the folder.

    Returns:
        The score by metric.

    Raises:
        ValueError: If the folder holds another run, or the data cannot be used.
    """
    if not resume and (run.folder / "history.csv").exists():
        raise ValueError(
            f"A run folder is used once; go on with --resume {run.folder}, or name another with "
            f"--run. Received: {run.folder}"
        )
    model = run.build()
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
    )
    return score_keras(run)


def score_keras(run: Run) -> dict[str, float]:
    """Score the trained Keras model of a run on the test split, and draw its predictions."""
    model = run.model()
    examples = arrays(run.dataset.test)
    deployable = getattr(model, "deployable", model)
    outputs = deployable.predict(run.purpose.inputs(model, examples), verbose=0)
    picture = run.purpose.picture(examples, outputs, run.dataset.labels)
    picture.save(run.folder / "predictions.png")
    return run.purpose.score(outputs, examples)
