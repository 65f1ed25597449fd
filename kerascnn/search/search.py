"""The search: shared weights and a controller in turn, on images that grow."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from rich.progress import Progress

from kerascnn.models.searched_cells import Cell
from kerascnn.search.controller import Controller, Sample
from kerascnn.search.shared_gan import SharedGAN

Reward = Callable[[np.ndarray], float]


class Found(NamedTuple):
    """A generator, and its reward with the shared weights.

    Args:
        cells: What `kerascnn.models.generation.autogan.autogan` takes.
        reward: What the reward gave for its images.
    """

    cells: tuple[Cell, ...]
    reward: float


def search_cells(
    images: np.ndarray,
    shared: SharedGAN,
    reward: Reward,
    *,
    stages: int,
    rounds: int = 20,
    shared_steps: int = 100,
    controller_steps: int = 30,
    batch_size: int = 64,
    proposals: int = 8,
    candidates: int = 10,
    keep: int = 5,
    samples: int = 500,
    learning_rate: float = 3.5e-4,
    entropy_weight: float = 1e-4,
    reset_below: float = 1e-3,
    seed: int = 0,
) -> list[Found]:
    """Search for the cells of a generator.

    In each round the shared weights are trained with what the controller proposes, and then the
    controller by the reward of its proposals (REINFORCE, against a moving mean). A stage adds a
    cell, and works on images of twice the side; it goes on from the best of the one before. Where
    the losses of the players do not change any more, the shared weights begin anew.

    Args:
        images: Real images in [-1, 1], of the size of the last stage.
        shared: The weights, of the channels of the images.
        reward: What the search maximises: a function of generated images in [-1, 1], such as the
            inception score of a classifier.
        stages: Number of cells.
        rounds: Rounds of each stage.
        shared_steps: Steps of the shared weights in a round.
        controller_steps: Steps of the controller in a round.
        batch_size: Images in a step of the shared weights.
        proposals: Generators in a step of the controller.
        candidates: Generators of which the best are kept, at the end of a stage.
        keep: How many different ones are kept, where there are as many.
        samples: Images that a reward is computed of.
        learning_rate: Step size of the controller.
        entropy_weight: Weight of the entropy of the choices, which keeps them open.
        reset_below: Variance of a loss in a round below which the shared weights begin anew.
        seed: Seed of all that is drawn.

    Returns:
        The best generators, the best first.

    Raises:
        ValueError: If the images do not have the size of the last stage.

    Reference:
        https://arxiv.org/abs/1908.03835
    """
    if images.shape[1:] != shared.shape(stages):
        raise ValueError(
            f"Images of the last stage are {shared.shape(stages)}. Received: {images.shape[1:]}"
        )
    keras.utils.set_random_seed(seed)
    random, previous = np.random.default_rng(seed), None
    found: list[Found] = []
    with Progress(transient=True) as progress:
        for stage in range(stages):
            real = tf.image.resize(images, shared.shape(stage + 1)[:2], "area").numpy()
            controller = Controller(stage, seed=seed + stage)
            previous = previous or controller.nothing()
            learner = _Learner(controller, previous, shared, reward, samples, learning_rate)
            shared.grow(stage + 1)
            for _ in progress.track(range(rounds), description=f"stage {stage + 1} of {stages}"):
                losses = []
                for _ in range(shared_steps):
                    (cells,) = controller.sample(1, previous).cells
                    batch = real[random.integers(0, len(real), batch_size)]
                    losses.append([*shared.train(cells, batch).values()])
                for _ in range(controller_steps):
                    learner.step(proposals, entropy_weight)
                if np.var(losses, axis=0).min() < reset_below:
                    shared.layers.clear()
                    shared.grow(stage + 1)
            sample = controller.sample(candidates, previous)
            rewards = learner.rewards(sample)
            # A controller that is sure proposes the same again and again.
            others = {cells: index for index, cells in enumerate(sample.cells)}.values()
            best = np.array(sorted(others, key=lambda index: -rewards[index])[:keep])
            found = [Found(sample.cells[index], rewards[index]) for index in best]
            states = [ops.take(state, best, axis=0) for state in sample.states]
            previous = Sample([one.cells for one in found], best, best, states)
    return found


class _Learner:
    """Trains a controller by the rewards of its proposals."""

    def __init__(self, controller, previous, shared, reward, samples, learning_rate):
        self.controller, self.previous = controller, previous
        self.shared, self.reward, self.samples = shared, reward, samples
        self.optimizer = keras.optimizers.Adam(learning_rate)
        self.baseline = None

    def rewards(self, sample: Sample) -> list[float]:
        """Give the reward of each proposal; equal ones are drawn once."""
        known = {
            cells: self.reward(self.shared.draw(cells, self.samples))
            for cells in dict.fromkeys(sample.cells)
        }
        return [known[cells] for cells in sample.cells]

    def step(self, count: int, entropy_weight: float) -> None:
        """Make proposals likelier that are better than the moving mean."""
        with tf.GradientTape() as tape:
            sample = self.controller.sample(count, self.previous)
            rewards = np.array(self.rewards(sample)) + entropy_weight * np.array(sample.entropies)
            mean = float(rewards.mean())
            self.baseline = mean if self.baseline is None else 0.9 * self.baseline + 0.1 * mean
            loss = -ops.mean(sample.log_probabilities * (rewards - self.baseline))
        weights = self.controller.trainable_weights
        self.optimizer.apply(tape.gradient(loss, [one.value for one in weights]), weights)
