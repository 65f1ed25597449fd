"""Training of a detector that says in words what is in each of its regions."""

from functools import cached_property
from typing import Any

import keras
import numpy as np
from keras import ops

from kerascnn.losses import sequence_crossentropy
from kerascnn.training.detection.region_heads import moved, proposal_head, region_head
from kerascnn.training.detection.sampling import mean_where, region_cost, sample_regions
from kerascnn.training.detection.writer import step, told
from kerascnn.training.networks import Networks
from kerascnn.training.noise import Noise
from kerascnn.training.sequence_to_sequence import SequenceToSequence
from kerascnn.training.unsupervised import MeanCost


@keras.saving.register_keras_serializable(package="kerascnn")
class DenseCaptioner(Networks):
    """Trains a network that proposes regions, one that looks into them, and one that describes.

    The loss of an image is `weight` times the costs of both networks' boxes and of whether there is
    an object, and the cross entropy of the words of the regions that are an object's, which are
    drawn anew each time. `compile` takes none. A device proposes regions with the `encoder`, keeps
    the best ones, looks into them with `regions`, and writes words with the `decoder`.

    Args:
        proposer: Functional model from images to `features`, `(batch, height, width, channels)`,
            `offsets` of the anchors, `(batch, n, 4)`, and `logits` of no object and one,
            `(batch, n, 2)`.
        describer: Functional model from `features` and `boxes`, `(batch, regions, 4)`, to `offsets`
            of the boxes, `logits` of an object, `(batch, regions, 1)`, and `codes`,
            `(batch, regions, units)`.
        words: Functional model from a word, `(batch,)`, to what the writer is told,
            `(batch, units)`.
        writer: Functional model from `word`, a code or a word's, and its own `hidden` and `cell`,
            `(batch, units)` each, to `logits`, `(batch, num_tokens)`, and these again.
        anchors: Boxes, `(n, 4)`.
        weight: Weight of all but the words, above 0.
        seed: Seed of what is drawn; None for a different one each time.
        **kwargs: `name`, `dtype` and the like.

    Raises:
        ValueError: If the weight is not positive.

    Example:
        >>> model.fit({"image": images, "boxes": boxes, "tokens": begun})  # a start, words, zeros

    Reference:
        https://arxiv.org/abs/1511.07571
    """

    def __init__(
        self,
        proposer: keras.Model,
        describer: keras.Model,
        words: keras.Model,
        writer: keras.Model,
        *,
        anchors: Any,
        weight: float = 0.1,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not weight > 0:
            raise ValueError(f"weight must be above 0. Received: weight={weight}")
        self.proposer = proposer
        self.describer = describer
        self.words = words
        self.writer = writer
        self.anchors = np.asarray(anchors, np.float32)
        self.weight = weight
        self.seed = seed
        self.random = Noise(seed)
        self.captioner = SequenceToSequence(told(writer), step(words, writer))
        self.built = True

    @cached_property
    def deployable(self) -> dict[str, keras.Model]:
        """The encoder, the network that looks into regions, and the decoder."""
        seen, given, said = self.proposer.output, self.describer.input, self.describer.output
        # Heads apart, as names of operations in a model that was loaded might come again.
        proposed = proposal_head(self.anchors)([seen["offsets"], seen["logits"]])
        count, units = said["codes"].shape[1:]
        head = region_head(count, units, self.captioner.encoder)
        found = head([given["boxes"], said["offsets"], said["logits"], said["codes"]])
        encoder = {"features": seen["features"], **proposed}
        return {
            "encoder": keras.Model(self.proposer.input, encoder, name="encoder"),
            "regions": keras.Model(given, found, name="regions"),
            "decoder": self.captioner.decoder,
        }

    def call(self, inputs, training=None):
        """Give the cost of each image.

        Args:
            inputs: `image`; `boxes`, `(batch, objects, 4)`, where one without an area is none; and
                `tokens`, int32 `(batch, objects, 1 + length)`: the start, words, and zeros.
            training: Whether the networks train.

        Returns:
            `(batch,)`, in float32.
        """
        truth = ops.cast(inputs["boxes"], "float32")
        seen = self.proposer(inputs["image"], training=training)
        proposed = moved(seen["offsets"], self.anchors)
        samples = self.describer.input["boxes"].shape[1]
        priority = self.random.uniform(ops.shape(proposed)[:2])
        drawn = sample_regions(proposed, truth, priority, samples)
        chosen, owner, counts = map(ops.stop_gradient, drawn)
        rows = (proposed, seen["offsets"], seen["logits"])
        boxes, offsets, logits = (ops.take_along_axis(x, chosen[..., None], axis=1) for x in rows)
        said = self.describer({"features": seen["features"], "boxes": boxes}, training=training)
        targets = ops.take_along_axis(truth, ops.maximum(owner, 0)[..., None], axis=1)
        own = ops.cast(owner >= 0, "float32")
        before = ops.take(self.anchors, chosen, axis=0)
        first = region_cost(logits, offsets, before, targets, own, counts)
        pairs = ops.pad(said["logits"], [[0, 0], [0, 0], [1, 0]])  # a sigmoid is a softmax with a 0
        last = region_cost(pairs, said["offsets"], boxes, targets, own, counts)
        most = samples // 2  # the regions that may be an object's
        spoken = self._spoken(said["codes"][:, :most], inputs["tokens"], owner[:, :most], training)
        return self.weight * (first + last) + mean_where(spoken, own[:, :most])

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Take the mean of the costs."""
        return MeanCost(name="mean")(y_pred, y_pred, sample_weight)

    def _spoken(self, codes, tokens, owner, training):
        """Give the nats of a word of each region, `(batch, regions)`."""
        begun = ops.take_along_axis(tokens, ops.maximum(owner, 0)[..., None], axis=1)
        begun = ops.reshape(begun, (-1, tokens.shape[-1]))
        fed = {"input": ops.reshape(codes, (-1, codes.shape[-1])), "tokens": begun}
        words = ops.concatenate([begun[:, 1:], ops.zeros_like(begun[:, :1])], axis=1)
        nats = sequence_crossentropy(words, self.captioner(fed, training=training))
        return ops.reshape(nats, (-1, owner.shape[1]))
