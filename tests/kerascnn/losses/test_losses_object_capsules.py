"""What parts cost that are explained by objects equals slow definitions."""

import numpy as np
import pytest
import tensorflow as tf

from kerascnn.losses import object_sparsity, part_nats, presence_entropies, uneven_presences

RNG = np.random.default_rng(0)


def parts(batch=2, objects=3, count=4):
    return {
        "poses": RNG.normal(size=(batch, count, 6)),
        "presences": RNG.uniform(size=(batch, count)),
        "votes": RNG.normal(size=(batch, objects, count, 6)),
        "scales": RNG.uniform(0.5, 2.0, size=(batch, objects, count)),
        "weights": RNG.uniform(0.1, 1.0, size=(batch, objects, count)),
    }


def slow_nats(poses, presences, votes, scales, weights):
    """One example, part by part."""
    objects, count, _ = votes.shape
    total, shares = 0.0, np.zeros((objects, count))
    for part in range(count):
        densities = [
            np.prod(
                [
                    np.exp(-0.5 * ((poses[part, i] - votes[k, part, i]) / scales[k, part]) ** 2)
                    / (scales[k, part] * np.sqrt(2 * np.pi))
                    for i in range(6)
                ]
            )
            for k in range(objects)
        ]
        each = np.append(weights[:, part] * densities, 0.01 * 0.01)
        total -= presences[part] * np.log(each.sum() / (weights[:, part].sum() + 0.01))
        shares[:, part] = each[:-1] / each.sum()
    return total, shares


def test_parts_cost_the_nats_of_a_mixture_of_votes():
    given = parts()
    nats, shares = part_nats(**{key: tf.constant(value) for key, value in given.items()})
    for sample in range(2):
        total, each = slow_nats(**{key: value[sample] for key, value in given.items()})
        np.testing.assert_allclose(nats[sample], total, rtol=1e-6)
        np.testing.assert_allclose(shares[sample], each, rtol=1e-6)


def test_an_absent_part_costs_nothing():
    given = {**parts(), "presences": np.zeros((2, 4))}
    np.testing.assert_array_equal(part_nats(**given)[0], [0.0, 0.0])


def test_the_object_that_predicts_a_part_explains_it():
    given = {**parts(), "scales": np.full((2, 3, 4), 0.1)}
    given["votes"][:, 1] = given["poses"]
    _, shares = part_nats(**given)
    np.testing.assert_allclose(shares[:, 1], 1.0, atol=1e-3)


def test_the_gradient_stays_finite_where_nothing_is_present():
    given = {key: tf.constant(value, "float32") for key, value in parts().items()}
    given["weights"] = tf.zeros((2, 3, 4))
    with tf.GradientTape() as tape:
        tape.watch([given["weights"], given["votes"]])
        nats, _ = part_nats(**given)
    gradients = tape.gradient(nats, [given["weights"], given["votes"]])
    assert all(np.isfinite(gradient).all() for gradient in gradients)


def test_presences_are_uneven_by_the_squares_of_what_is_missing():
    presences = RNG.uniform(size=(5, 4))
    examples, objects = uneven_presences(tf.constant(presences), within=1.5, share=0.3)
    np.testing.assert_allclose(examples, [(row.sum() - 1.5) ** 2 for row in presences])
    distances = [(column.sum() - 0.3 * 5) ** 2 for column in presences.T]
    assert float(objects) == pytest.approx(np.mean(distances))


def test_entropies_are_those_of_shares():
    presences = RNG.uniform(size=(5, 4))

    def entropy(x):
        return -sum(share * np.log(share) for share in x / x.sum())

    examples, batch = presence_entropies(tf.constant(presences))
    np.testing.assert_allclose(examples, [entropy(row) for row in presences])
    assert float(batch) == pytest.approx(entropy(presences.sum(0)))


def test_one_object_an_example_has_no_entropy_and_the_batch_all_of_it():
    examples, batch = presence_entropies(tf.eye(4))
    np.testing.assert_allclose(examples, np.zeros(4), atol=1e-6)
    assert float(batch) == pytest.approx(np.log(4))


def test_sparsity_weighs_distances_and_entropies():
    presences, masses = RNG.uniform(size=(5, 4)), RNG.uniform(size=(5, 4))
    within, between = uneven_presences(presences, within=4 / 3, share=1 / 3)
    inside, outside = presence_entropies(masses)
    expected = 2.0 * within + 0.35 * between + 0.7 * inside - 0.2 * outside
    given = object_sparsity(tf.constant(presences), tf.constant(masses), num_classes=3)
    np.testing.assert_allclose(given, expected)
