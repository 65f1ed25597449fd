"""Regions are drawn as the paper says, and their costs are those of a slow definition."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from kerascnn.edge import pairwise_iou
from kerascnn.models.dense_captioning.densecap import densecap
from kerascnn.registry import get_system
from kerascnn.training import DenseCaptioner
from kerascnn.training.detection.sampling import sample_regions

RNG = np.random.default_rng(0)
TINY = get_system("densecap").tiny


def boxes(*shape):
    low, size = RNG.uniform(0, 0.6, (*shape, 2)), RNG.uniform(0.1, 0.4, (*shape, 2))
    return np.concatenate([low, low + size], axis=-1).astype("float32")


def slow_roles(proposed, truth):
    """Give the object of each region, -1 for none, -2 for neither."""
    shares = pairwise_iou(truth, proposed) * (truth[:, 2:] > truth[:, :2]).all(1)[:, None]
    roles = []
    for column in shares.T:
        role = int(column.argmax()) if column.max() > 0.7 else -1 if column.max() < 0.3 else -2
        roles.append(role)
    for thing, row in enumerate(shares):
        if row.max() > 0:
            roles[int(row.argmax())] = thing
    return np.array(roles)


def draw(samples, count=40):
    proposed, truth = boxes(3, count), boxes(3, 2)
    truth[1, 1] = 0  # one that is none
    proposed[:, :6] = truth[:, :1] + RNG.uniform(-0.01, 0.01, (3, 6, 4))
    priority = RNG.uniform(size=(3, count)).astype("float32")
    drawn = sample_regions(*(ops.array(one) for one in (proposed, truth, priority)), samples)
    return proposed, truth, priority, [np.asarray(one) for one in drawn]


@pytest.mark.parametrize("samples", [4, 20, 40])
def test_half_of_the_regions_are_objects_at_most_and_the_rest_are_not(samples):
    proposed, truth, priority, (chosen, objects, counts) = draw(samples)
    for image in range(3):
        roles = slow_roles(proposed[image], truth[image])
        own = [place for place in np.argsort(-priority[image]) if roles[place] >= 0]
        none = [place for place in np.argsort(-priority[image]) if roles[place] == -1]
        own = own[: samples // 2]
        none = none[: samples - len(own)]
        wanted = {place: roles[place] for place in own} | dict.fromkeys(none, -1)
        taken = dict(zip(chosen[image], objects[image], strict=True))
        assert len(taken) == samples
        counted = {p for p, c in zip(chosen[image], counts[image], strict=True) if c}
        assert counted == set(wanted)
        assert {place: taken[place] for place in counted} == wanted
        assert (objects[image][: len(own)] >= 0).all()
        assert (objects[image][len(own) :] == -1).all()


def softmax_nats(logits, label):
    return np.log(np.exp(logits).sum()) - logits[label]


def huber(errors):
    return np.mean([0.5 * e * e if abs(e) < 1 else abs(e) - 0.5 for e in errors])


def offsets(box, start):
    centre, size = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
    first, scale = (start[:2] + start[2:]) / 2, start[2:] - start[:2]
    return np.concatenate([(centre - first) / scale, np.log(size / scale)])


def slow_cost(model, image, truth, tokens, priority):
    """One region and one word after the other."""
    seen = model.proposer(image[None])
    proposed = np.asarray(model.deployable["encoder"](image[None])["boxes"])
    drawn = sample_regions(*(ops.array(x) for x in (proposed, truth[None], priority)), 4)
    chosen, objects, counts = (np.asarray(one)[0] for one in drawn)
    regions = ops.array(proposed[:, chosen])
    said = model.describer({"features": seen["features"], "boxes": regions})
    first, last, moves, steps, words = [], [], [], [], []
    for place, (region, thing, counted) in enumerate(zip(chosen, objects, counts, strict=True)):
        if not counted:
            continue
        logit = float(said["logits"][0, place, 0])
        first.append(softmax_nats(np.asarray(seen["logits"])[0, region], int(thing >= 0)))
        last.append(np.log1p(np.exp(-logit if thing >= 0 else logit)))
        if thing < 0:
            continue
        target = offsets(truth[thing], model.anchors[region])
        moves.append(huber(np.asarray(seen["offsets"])[0, region] - target))
        target = offsets(truth[thing], proposed[0, region])
        steps.append(huber(np.asarray(said["offsets"])[0, place] - target))
        state = {name: ops.zeros((1, 8)) for name in ("hidden", "cell")}
        given = model.writer({"word": said["codes"][:, place], **state})
        nats = []
        for before, word in zip(tokens[thing], [*tokens[thing][1:], 0], strict=True):
            state = {name: given[name] for name in state}
            given = model.writer({"word": model.words(np.array([before])), **state})
            nats.append(softmax_nats(np.asarray(given["logits"])[0], word))
            if word == 0:
                break
        words.append(np.mean(nats))
    return 0.1 * sum(map(np.mean, (first, last, moves, steps))) + np.mean(words)


def test_the_cost_is_that_of_the_definition(monkeypatch):
    keras.utils.set_random_seed(0)
    model = densecap(**TINY)
    for weight in model.trainable_variables:
        weight.assign(RNG.normal(size=weight.shape) * 0.2)
    images, truth = RNG.uniform(size=(2, 16, 16, 3)).astype("float32"), boxes(2, 2)
    tokens = np.array([[[1, 2, 0, 0], [1, 3, 4, 2]], [[1, 4, 2, 0], [1, 0, 0, 0]]])
    priority = RNG.uniform(size=(2, len(model.anchors))).astype("float32")
    monkeypatch.setattr(model.random, "uniform", lambda shape: ops.array(priority))
    costs = model({"image": images, "boxes": truth, "tokens": tokens})
    for image in range(2):
        each = (images[image], truth[image], tokens[image], priority[image : image + 1])
        np.testing.assert_allclose(costs[image], slow_cost(model, *each), rtol=1e-4)


def test_an_image_without_an_object_has_a_finite_cost():
    model = densecap(**TINY)
    fed = {
        "image": RNG.uniform(size=(1, 16, 16, 3)),
        "boxes": np.zeros((1, 2, 4)),
        "tokens": np.array([[[1, 0, 0]] * 2]),
    }
    assert np.isfinite(model(fed)).all()


def test_what_is_said_moves_the_proposals():
    model = densecap(**TINY)
    features = ops.array(RNG.uniform(size=(1, 8, 8, 8)).astype("float32"))
    regions = tf.constant(boxes(1, 4))
    with tf.GradientTape() as tape:
        tape.watch(regions)
        codes = model.describer({"features": features, "boxes": regions})["codes"]
        value = tf.reduce_sum(codes)
    assert np.abs(tape.gradient(value, regions)).max() > 0


def test_a_weight_of_nothing_is_refused():
    model = densecap(**TINY)
    networks = model.proposer, model.describer, model.words, model.writer
    with pytest.raises(ValueError, match="weight=0"):
        DenseCaptioner(*networks, anchors=model.anchors, weight=0)
