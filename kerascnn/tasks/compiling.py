"""How a model is compiled for a run."""

from __future__ import annotations

import keras

from kerascnn.tasks.epochs import cosine
from kerascnn.tasks.task import Task


def compile_model(
    model: keras.Model,
    task: Task,
    *,
    epochs: int,
    learning_rate: float | None,
    steps_per_execution: int,
    accumulation_steps: int,
    xla: bool,
) -> list[keras.callbacks.Callback]:
    """Compile a model under its strategy, and give what changes its step size.

    Raises:
        ValueError: If gradients are to be accumulated, and the model has not one optimizer.
    """
    with model.distribute_strategy.scope():
        task.compile(model, learning_rate=learning_rate)
        model.steps_per_execution = steps_per_execution
        if xla:  # else Keras decides, for it on some GPUs
            model.jit_compile = True
        if model.optimizer is None:
            if accumulation_steps > 1:
                raise ValueError(
                    "A model with an optimizer for each network accumulates gradients by its own "
                    "option: build it with accumulation_steps. "
                    f"Received: accumulation_steps={accumulation_steps} for {model.name}"
                )
            return []
        if accumulation_steps > 1:
            optimizer = getattr(model.optimizer, "inner_optimizer", model.optimizer)
            optimizer.gradient_accumulation_steps = accumulation_steps
        # A backup can only be restored into an optimizer whose state exists.
        model.optimizer.build(model.trainable_variables)
        return [cosine(float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)), epochs)]
