"""What can't be trained on several replicas, refused before it begins."""

from __future__ import annotations

import keras
import tensorflow as tf


def refuse_what_cannot_work(honest, model, *args, **kwargs):
    """Say before training what Keras says late, in a crash or never."""
    if model.distribute_strategy.num_replicas_in_sync > 1:
        optimizers = [
            one for one in vars(model).values() if isinstance(one, keras.optimizers.Optimizer)
        ]
        _check_scope(model, optimizers)
        _check_options(model, optimizers)
    return honest(model, *args, **kwargs)


def _check_scope(model, optimizers):
    for variable in [*model.variables, *(v for one in optimizers for v in one.variables)]:
        if not isinstance(variable.value, tf.distribute.DistributedValues):
            raise ValueError(
                "A model trains under the strategy in whose scope it was made: build it, make its "
                "optimizer and compile it inside `with strategy.scope():`. Received: "
                f"{model.name}, whose {variable.path} was made outside"
            )


def _check_options(model, optimizers):
    if model.jit_compile:
        raise ValueError(
            "XLA can't compile a step that several replicas of one process share; compile the "
            f"model with jit_compile=False. Received: {model.name} with jit_compile=True"
        )
    for optimizer in optimizers:
        steps = getattr(optimizer, "inner_optimizer", optimizer).gradient_accumulation_steps
        if steps:
            raise ValueError(
                "Several replicas can't accumulate gradients between steps; take a smaller batch, "
                f"or more replicas. Received: gradient_accumulation_steps={steps} of "
                f"{optimizer.name}"
            )
