import keras
import numpy as np
import pytest

from kerascnn.tasks.fidelity import coverage, fidelity, inception_features, kernel_distance

RNG = np.random.default_rng(0)


def test_the_kernel_distance_is_the_mean_over_all_pairs():
    first, second = RNG.normal(size=(6, 3)), RNG.normal(1, 1, size=(5, 3))

    def kernel(x, y):
        return (x @ y / 3 + 1) ** 3

    def within(points):
        pairs = [(x, y) for i, x in enumerate(points) for j, y in enumerate(points) if i != j]
        return np.mean([kernel(*pair) for pair in pairs])

    between = np.mean([kernel(x, y) for x in first for y in second])
    expected = within(first) + within(second) - 2 * between
    np.testing.assert_allclose(kernel_distance(first, second), expected, rtol=1e-6)


def test_the_kernel_distance_has_no_bias_where_there_is_no_difference():
    for count in (10, 100):
        values = [
            kernel_distance(*RNG.normal(size=(2, count, 4)))
            for _ in range(400 if count < 50 else 40)
        ]
        assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(len(values))


def test_points_are_covered_within_the_reach_of_neighbours():
    points, others = RNG.normal(size=(30, 2)), RNG.normal(0.5, 1, size=(20, 2))
    covered = []
    for point in points:
        reached = []
        for one in others:
            reach = sorted(np.linalg.norm(others - one, axis=1))[3]  # itself is the first
            reached.append(np.linalg.norm(point - one) <= reach)
        covered.append(any(reached))
    assert 0.3 < np.mean(covered) < 1
    np.testing.assert_allclose(coverage(points, others), np.mean(covered))


def test_lost_modes_lower_recall_and_bad_images_precision():
    real = np.concatenate([RNG.normal(center, 0.1, size=(50, 2)) for center in (0, 5)])
    one_mode, too_much = (
        real[:50] + 0.01,
        np.concatenate([real + 0.01, RNG.normal(20, 1, (100, 2))]),
    )
    lost, bad = fidelity(one_mode, real), fidelity(too_much, real)
    assert lost["precision"] > 0.9
    assert lost["recall"] < 0.6
    assert bad["precision"] < 0.6
    assert bad["recall"] > 0.9
    same = fidelity(real, real)
    assert same["precision"] == same["recall"] == 1
    assert abs(same["frechet_distance"]) < 1e-6


@pytest.mark.parametrize("channels", [1, 3])
def test_inception_sees_images_as_it_was_trained_on_them(channels, monkeypatch):
    seen = []

    class Network:
        def predict(self, batches, verbose):
            seen.extend(np.asarray(batch) for batch in batches)
            return np.zeros((sum(map(len, seen)), 2048))

    def build(**options):
        assert options == {"include_top": False, "weights": "imagenet", "pooling": "avg"}
        return Network()

    monkeypatch.setattr(keras.applications, "InceptionV3", build)
    images = np.full((3, 8, 8, channels), 0.75, "float32")
    assert inception_features(images).shape == (3, 2048)
    assert seen[0].shape == (3, 299, 299, 3)
    np.testing.assert_allclose(seen[0], 0.5, atol=1e-6)
