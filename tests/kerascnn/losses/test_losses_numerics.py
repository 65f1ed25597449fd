"""What may happen to any loss, one table of inputs for all of them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn import losses

EMBEDDINGS = {
    "equal": ([0, 0, 1, 1], np.ones((4, 3))),
    "zero": ([0, 0, 1, 1], np.zeros((4, 3))),
    "one zero": ([0, 0, 1, 1], np.eye(4)[:, :3]),
    "one class": ([0, 0, 0, 0], np.eye(4)),
    "one sample a class": ([0, 1, 2, 3], np.eye(4)),
    "a class of one sample": ([0, 0, 0, 1], np.eye(4)),
    "a batch of one": ([0], np.ones((1, 3))),
    "tiny": ([0, 0, 1, 1], 1e-30 * np.eye(4)),
    "subnormal differences": ([0, 0, 1, 1], 1.0 + 1e-7 * np.eye(4)),
    "the largest of half precision": ([0, 0, 1, 1], 65504 * np.sign(np.eye(4) - 0.5)),
    "large": ([0, 0, 1, 1], 1e9 * np.eye(4)),
}
PAIRS = {
    "equal": ([1, 0], np.ones((2, 2, 3))),
    "zero": ([1, 0], np.zeros((2, 2, 3))),
    "a batch of one": ([1], np.ones((1, 2, 3))),
    "the largest of half precision": ([1, 0], 65504 * np.stack([np.eye(2), -np.eye(2)], 1)),
    "large": ([1, 0], 1e9 * np.stack([np.eye(2), -np.eye(2)], 1)),
}
TRIPLETS = {
    "equal": ([0, 0], np.ones((2, 3, 4))),
    "zero": ([0, 0], np.zeros((2, 3, 4))),
    "a batch of one": ([0], np.ones((1, 3, 4))),
    "large": ([0], 1e9 * np.eye(3)[None]),
}
PROBABILITIES = {
    "equal": (np.eye(3)[:2], np.eye(3)[:2]),
    "certain and wrong": (np.eye(3)[:2], np.eye(3)[1:]),
    "nothing at all": (np.zeros((1, 3)), np.zeros((1, 3))),
    "nothing predicted": (np.eye(3)[:1], np.zeros((1, 3))),
}
LOGITS = {
    "zero": (np.eye(3)[:2], np.zeros((2, 3))),
    "certain": (np.eye(3)[:2], 6e4 * np.eye(3)[:2]),
    "certain and wrong": (np.eye(3)[:2], 6e4 * np.eye(3)[1:]),
    "extreme": (np.eye(3)[:2], 1e18 * (np.eye(3)[1:] - 0.5)),
}
ANCHORS = [[0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 1.0, 1.0]]
SOMETHING, NOTHING = [[1, 0.0, 0.0, 0.4, 0.6]], [[-1, 0.0, 0.0, 0.0, 0.0]]
DETECTIONS = {
    "zero": ([SOMETHING], np.zeros((1, 2, 6))),
    "nothing": ([NOTHING], np.ones((1, 2, 6))),
    "a box without an area": ([[[1, 0.2, 0.2, 0.2, 0.2]]], np.ones((1, 2, 6))),
    "the largest of half precision": ([SOMETHING, NOTHING], 65504 * np.ones((2, 2, 6))),
}
GRIDS = {name: (true, values[:, None]) for name, (true, values) in DETECTIONS.items()}
FORMS = ("lecun", "legacy", "squared", "survey")
TABLE = [
    *(
        (
            losses.Triplet,
            {"mining": mining, "margin": margin, "distance": "euclidean", "normalize": False},
            EMBEDDINGS,
        )
        for mining in ("all", "hard", "semi_hard")
        for margin in (0.2, "soft")
    ),
    (losses.Triplet, {}, EMBEDDINGS),
    (losses.Triplet, {"normalize": False}, EMBEDDINGS),
    (losses.Triplet, {"distance": "cosine", "normalize": False}, EMBEDDINGS),
    *((losses.Contrastive, {"form": form}, EMBEDDINGS) for form in FORMS),
    (losses.Contrastive, {"distance": "squared"}, EMBEDDINGS),
    (losses.Contrastive, {"distance": "cosine"}, EMBEDDINGS),
    *((losses.Contrastive, {"form": form, "mining": None}, PAIRS) for form in FORMS),
    *(
        (losses.Triplet, {"mining": None, "margin": margin, "normalize": False}, TRIPLETS)
        for margin in (0.2, "soft")
    ),
    *((losses.FDivergence, {"divergence": name}, PROBABILITIES) for name in ("kl", "pearson")),
    (losses.JensenShannon, {}, PROBABILITIES),
    (losses.JensenShannon, {"from_logits": True}, LOGITS),
    *((losses.Hinge, {"power": power}, LOGITS) for power in (1, 2)),
    *((losses.MultiLabelHinge, {"power": power}, LOGITS) for power in (1, 2)),
    *(
        (losses.CapsuleMargin, {}, {name: PROBABILITIES[name]})
        for name in ("equal", "certain and wrong")
    ),
    (losses.MultiBox, {"anchors": ANCHORS}, DETECTIONS),
    (losses.GridBoxes, {"boxes": 1}, GRIDS),
    (losses.SmoothedCrossentropy, {}, PROBABILITIES),
    (losses.SmoothedCrossentropy, {"from_logits": True}, LOGITS),
    (losses.Spread, {}, LOGITS),
    (losses.GaussianKL, {}, {"zero": (np.zeros(2), np.zeros((2, 4)))}),
]
ROWS = [
    pytest.param(
        kind, options, inputs, id=f"{kind.__name__}-{'-'.join(map(str, options.values()))}"
    )
    for kind, options, inputs in TABLE
]


@pytest.mark.parametrize(("kind", "options", "inputs"), ROWS)
def test_values_and_gradients_are_finite(kind, options, inputs):
    loss = kind(**options, reduction=None)
    for label, (targets, predictions) in inputs.items():
        variable = tf.constant(predictions, "float32")
        with tf.GradientTape() as tape:
            tape.watch(variable)
            values = loss(np.array(targets), variable)
        assert values.shape == (len(targets),)
        assert np.isfinite(values).all(), label
        assert np.min(values) >= -1e-6, label
        assert np.isfinite(tf.convert_to_tensor(tape.gradient(values, variable))).all(), label


@pytest.mark.parametrize(("kind", "options", "inputs"), ROWS)
def test_values_of_half_precision_are_finite(kind, options, inputs):
    loss = kind(**options, reduction=None)
    for label, (targets, predictions) in inputs.items():
        if np.max(np.abs(predictions)) <= 65504:
            values = loss(np.array(targets), tf.constant(predictions, "float16"))
            assert values.dtype == "float32"
            assert np.isfinite(values).all(), label


def every_loss(policy):
    """A model with an output for each kind of loss, and data for a batch of 4 and one of 1."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(policy)
    try:
        x = keras.Input((6,))
        features, scores = keras.layers.Dense(12)(x), keras.layers.Dense(3)(x)
        probabilities = keras.layers.Dense(3, activation="softmax", dtype="float32")(x)
        triplets, pairs = (keras.layers.Reshape((n, 12 // n))(features) for n in (3, 2))
    finally:
        keras.config.set_dtype_policy("float32")
    labels = np.array([0, 0, 1, 1, 1])
    rows = np.eye(3)[labels]
    ends = {
        "triplet": (features, losses.Triplet(mining="all"), labels),
        "semi_hard": (features, losses.Triplet(), labels),
        "soft": (features, losses.Triplet(margin="soft", mining="all"), labels),
        "explicit": (triplets, losses.Triplet(mining=None), labels),
        "contrastive": (features, losses.Contrastive(), labels),
        "pairs": (pairs, losses.Contrastive(mining=None), labels),
        "hinge": (scores, losses.Hinge(), labels),
        "many": (scores, losses.MultiLabelHinge(power=2), rows),
        "jensen_shannon": (scores, losses.JensenShannon(from_logits=True), rows),
        "hellinger": (
            probabilities,
            losses.FDivergence(divergence="squared_hellinger"),
            rows,
        ),
    }
    outputs = {name: keras.layers.Identity(name=name)(end) for name, (end, _, _) in ends.items()}
    model = keras.Model(x, outputs)
    inputs = np.random.default_rng(0).normal(size=(5, 6)).astype("float32")
    compiled = {name: loss for name, (_, loss, _) in ends.items()}
    return model, compiled, inputs, {name: targets for name, (_, _, targets) in ends.items()}


@pytest.mark.parametrize(("policy", "jit_compile"), [("float32", True), ("mixed_float16", False)])
def test_models_train_with_every_loss_to_a_last_batch_of_1(policy, jit_compile):
    model, compiled, inputs, targets = every_loss(policy)
    model.compile("adam", loss=compiled, jit_compile=jit_compile)
    history = model.fit(inputs, targets, batch_size=4, shuffle=False, verbose=0).history
    assert np.isfinite([*history.values()]).all()
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_a_model_with_every_loss_survives_a_file(tmp_path):
    model, compiled, inputs, targets = every_loss("float32")
    model.compile("sgd", loss=compiled)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    before, after = (
        m.evaluate(inputs, targets, verbose=0, return_dict=True) for m in (model, again)
    )
    assert len(before) == len(compiled) + 1
    assert before.keys() == after.keys()
    np.testing.assert_allclose([*after.values()], [*before.values()], rtol=1e-6)
