"""Trains a model that rounds to give what the float model gives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from kerascnn.tasks.epochs import BUFFER, cosine
from kerascnn.tasks.task import Task
from kerascnn.training import parts
from kerascnn.training.progress import Progress


def imitate(
    student: keras.Model,
    teacher: keras.Model,
    task: Task,
    split: tf.data.Dataset,
    *,
    part: str = "model",
    epochs: int,
    batch_size: int = 64,
    learning_rate: float = 3e-5,
    seed: int = 0,
) -> None:
    """Fit the outputs of one model to those of another, by their mean squared difference.

    It needs no targets and asks for no loss of the task, so it fits whatever is deployed: a
    generator without its discriminator as well as a classifier.

    Args:
        student: The model to train, such as `kerascnn.export.quantize_aware` of the teacher.
        teacher: The trained model, of which a part has the same inputs and outputs.
        task: What the models are for, which decides what they are fed.
        split: Unbatched examples.
        part: Name of the part, as `kerascnn.training.parts` gives it.
        epochs: Passes over the split, at least 1.
        batch_size: Examples a step.
        learning_rate: Step size of the first epoch, from which it falls to almost 0.
        seed: Seed of the order.

    Raises:
        ValueError: If the number of epochs is not positive.
    """
    if epochs < 1:
        raise ValueError(f"Training takes at least one epoch. Received: epochs={epochs}")
    imitated = parts(teacher)[part]
    examples = split.shuffle(BUFFER, seed).batch(batch_size).prefetch(tf.data.AUTOTUNE)

    def pairs() -> Iterator[tuple[Any, Any]]:
        for _ in range(epochs):
            for batch in examples.as_numpy_iterator():
                inputs = task.feeds(teacher, batch)[part]
                yield inputs, imitated.predict_on_batch(inputs)

    keras.utils.set_random_seed(seed)
    loss = keras.tree.map_structure(lambda _: "mean_squared_error", student.output)
    student.compile(keras.optimizers.Adam(learning_rate), loss=loss)
    student.optimizer.build(student.trainable_variables)  # else the step is traced twice
    with Progress() as progress:
        student.fit(
            pairs(),
            epochs=epochs,
            shuffle=False,  # the examples are, by themselves
            steps_per_epoch=math.ceil(int(split.cardinality()) / batch_size),
            verbose=0,
            callbacks=[progress, cosine(learning_rate, epochs)],
        )


def without_chance(model: keras.Model) -> keras.Model:
    """Give a functional model over the same layers, but for those that draw random numbers.

    Instead of dropout, sampling and the like there is what they do at inference, so that an
    imitator does not learn their noise.
    """

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if hasattr(layer, "seed_generator"):
            return layer.call(*args, training=False)
        return layer(*args, **kwargs)

    return keras.models.clone_model(
        model, clone_function=lambda layer: layer, call_function=call, recursive=True
    )
