import keras
import numpy as np
import pytest

from kerascnn.models.classification.matrix_capsules import matrix_capsules


def build(*args, **options):
    with keras.StatelessScope(initialize_variables=False):
        return matrix_capsules(*args, **options)


def test_the_capsules_are_those_of_the_paper():
    layers = {layer.name: layer for layer in build().layers}
    shapes = {name: keras.tree.flatten(layer.output)[0].shape for name, layer in layers.items()}
    assert shapes["conv1"] == (None, 14, 14, 32)
    assert shapes["primary_capsules"] == (None, 14, 14, 32, 16)
    assert layers["conv_capsules1"].output[1].shape == (None, 6, 6, 32)
    assert layers["conv_capsules2"].output[1].shape == (None, 4, 4, 32)
    assert layers["class_capsules"].output[1].shape == (None, 5)
    assert layers["conv_capsules1"].count_params() == 9 * 32 * 32 * 16 + 2 * 32


def test_the_small_network_of_the_paper_has_its_parameters():
    assert build(filters=64, capsules=(8, 16, 16)).count_params() == 67_154


def test_the_margin_of_its_loss_starts_small():
    assert float(build().default_loss.margin) == pytest.approx(0.2)


def test_a_class_is_seen_by_the_agreement_of_the_poses_alone():
    keras.utils.set_random_seed(0)
    model = matrix_capsules((17, 17, 1), num_classes=3, filters=4, capsules=(2, 2, 2))
    images = np.random.default_rng(0).uniform(size=(4, 17, 17, 1)).astype("float32")
    before = np.array(model(images))
    poses = model.get_layer("primary_capsules").poses
    poses.kernel.assign(3 * poses.kernel)
    assert np.abs(np.array(model(images)) - before).max() > 1e-4


def test_images_that_are_too_small_are_refused():
    with pytest.raises(ValueError, match=r"window must fit.*height=2, width=3"):
        matrix_capsules((16, 20, 1))
