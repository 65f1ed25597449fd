"""A training step of DCGAN against one written by hand, and against XLA and PyTorch."""

import importlib.util
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.measure import Row, compare
from kerascnn import create_model

BATCH, SHAPE, LATENT, FILTERS, KERNEL = 64, (28, 28, 1), 100, 64, 5
RATE, MOMENTUM = 2e-4, 0.5


def images() -> np.ndarray:
    """Give a batch of images."""
    return np.random.default_rng(0).uniform(-1, 1, (BATCH, *SHAPE)).astype("float32")


def model() -> Any:
    """Build DCGAN."""
    keras.utils.set_random_seed(0)
    return create_model("dcgan", input_shape=SHAPE, latent_dim=LATENT, filters=FILTERS)


def library(*, jit_compile: bool) -> Callable[[], Any]:
    """Prepare a step as `fit` takes it."""
    gan = model()
    gan.compile(jit_compile=jit_compile)
    gan.make_train_function()
    batches = iter(tf.data.Dataset.from_tensors((images(),)).repeat())
    return lambda: float(gan.train_function(batches)["generator_loss"])


def by_hand() -> Callable[[], Any]:
    """Prepare the same step with two tapes and two optimizers."""
    gan = model()
    generator, discriminator = gan.generator, gan.discriminator
    optimizers = [keras.optimizers.Adam(RATE, beta_1=MOMENTUM) for _ in range(2)]
    for optimizer, network in zip(optimizers, (generator, discriminator), strict=True):
        optimizer.build(network.trainable_variables)

    def judged(logits, real):
        return tf.reduce_mean(tf.nn.softplus(-logits if real else logits))

    @tf.function
    def step(iterator):
        (real,) = next(iterator)
        fake = generator(tf.random.normal((BATCH, LATENT)), training=True)
        with tf.GradientTape() as tape:
            loss = judged(discriminator(real, training=True), True)
            loss += judged(discriminator(fake, training=True), False)
        weights = discriminator.trainable_variables
        optimizers[1].apply(tape.gradient(loss, [one.value for one in weights]), weights)
        with tf.GradientTape() as tape:
            fake = generator(tf.random.normal((BATCH, LATENT)), training=True)
            loss = judged(discriminator(fake, training=True), True)
        weights = generator.trainable_variables
        optimizers[0].apply(tape.gradient(loss, [one.value for one in weights]), weights)
        return loss

    batches = iter(tf.data.Dataset.from_tensors((images(),)).repeat())
    return lambda: float(step(batches))


def torch_step() -> Callable[[], Any]:
    """Prepare the same networks and step in PyTorch."""
    import torch
    from torch import nn

    class Project(nn.Module):
        def __init__(self):
            super().__init__()
            self.dense = nn.Linear(LATENT, 7 * 7 * 2 * FILTERS)

        def forward(self, x):
            return self.dense(x).view(-1, 2 * FILTERS, 7, 7)

    torch.manual_seed(0)
    up = {"kernel_size": KERNEL, "stride": 2, "padding": 2, "output_padding": 1}
    down = {"kernel_size": KERNEL, "stride": 2, "padding": 2}
    generator = nn.Sequential(
        Project(),
        *(nn.BatchNorm2d(2 * FILTERS), nn.ReLU(), nn.ConvTranspose2d(2 * FILTERS, FILTERS, **up)),
        *(nn.BatchNorm2d(FILTERS), nn.ReLU(), nn.ConvTranspose2d(FILTERS, 1, **up), nn.Tanh()),
    )
    discriminator = nn.Sequential(
        *(nn.Conv2d(1, FILTERS, **down), nn.LeakyReLU(0.2)),
        *(nn.Conv2d(FILTERS, 2 * FILTERS, **down), nn.BatchNorm2d(2 * FILTERS)),
        *(nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(7 * 7 * 2 * FILTERS, 1)),
    )
    rates = {"lr": RATE, "betas": (MOMENTUM, 0.999)}
    optimizers = [torch.optim.Adam(one.parameters(), **rates) for one in (generator, discriminator)]
    real = torch.tensor(images().transpose(0, 3, 1, 2))
    softplus = nn.functional.softplus

    def step():
        with torch.no_grad():
            fake = generator(torch.randn(BATCH, LATENT))
        optimizers[1].zero_grad()
        (softplus(-discriminator(real)).mean() + softplus(discriminator(fake)).mean()).backward()
        optimizers[1].step()
        optimizers[0].zero_grad()
        loss = softplus(-discriminator(generator(torch.randn(BATCH, LATENT)))).mean()
        loss.backward()
        optimizers[0].step()
        return float(loss.detach())

    return step


def rows() -> Iterator[Row]:
    """Compare the steps; with PyTorch where it is installed."""
    ours, compiled = library(jit_compile=False), library(jit_compile=True)
    yield Row("DCGAN, a step against one by hand", *compare(ours, by_hand()), "ms", 1.05)
    # Which is faster depends on the processor, so that nothing is promised.
    yield Row("DCGAN, a step by XLA against the graph", *compare(compiled, ours), "ms")
    if importlib.util.find_spec("torch"):
        yield Row(
            "DCGAN, a step by XLA against PyTorch", *compare(compiled, torch_step()), "ms", 0.8
        )
