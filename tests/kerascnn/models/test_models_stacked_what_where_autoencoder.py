import keras
import numpy as np
import pytest

from kerascnn.layers import MaxUnpooling2D
from kerascnn.models.classification.stacked_what_where_autoencoder import (
    stacked_what_where_autoencoder,
)

SMALL = {"input_shape": (16, 16, 1), "blocks": (1, 1), "filters": 4, "units": 16, "dropout": 0.0}


@pytest.fixture(scope="module")
def paper():
    with keras.StatelessScope(initialize_variables=False):
        return stacked_what_where_autoencoder()


def test_the_decoder_mirrors_the_convolutions_of_vgg_16(paper):
    kernels = {
        layer.name: layer.kernel.shape[3:] + layer.kernel.shape[2:3]
        for layer in paper.decoder.layers
        if isinstance(layer, keras.layers.Conv2DTranspose)
    }
    encoder = {
        layer.name: layer.kernel.shape[2:]
        for layer in paper.network.layers
        if isinstance(layer, keras.layers.Conv2D)
    }
    assert len(kernels) == 13
    for name, (given, made) in encoder.items():
        assert kernels[name.replace("conv", "deconv")] == (made, given), name


def test_each_pooled_map_and_the_image_are_drawn_and_nothing_of_it_is_deployed(paper):
    pools = [paper.network.get_layer(f"block{i}_pool").output.shape for i in range(1, 5)]
    assert [one.shape for one in paper.decoder.outputs] == [(None, 224, 224, 3), *pools]
    assert [one.shape for one in paper.network.outputs[1:5]] == pools
    assert not [one for one in paper.deployable.layers if isinstance(one, MaxUnpooling2D)]


def test_the_decoder_puts_maxima_back_to_where_they_came_from():
    model = stacked_what_where_autoencoder(**SMALL, num_classes=3)
    image = np.random.default_rng(0).uniform(size=(1, 16, 16, 1)).astype("float32")
    _, *features = model.network(image)
    inner = model.decoder.get_layer("block2_unpool").output
    placed = np.array(
        keras.Model(model.decoder.inputs, inner)([*features, keras.ops.zeros((1, 3))])
    )
    found = np.array(features[3])
    np.testing.assert_array_equal(placed[placed > 0], found[placed > 0])
    np.testing.assert_array_equal(keras.ops.max_pool(placed, 2), features[1])


def test_training_adds_the_errors_of_the_image_and_of_the_pooled_map():
    model = stacked_what_where_autoencoder(
        **SMALL, num_classes=3, image_weight=0.3, feature_weight=0.2
    )
    image = np.random.default_rng(0).uniform(size=(2, 16, 16, 1)).astype("float32")
    predictions, *features = model.network(image)
    drawn, below = model.decoder([*features, keras.ops.zeros((2, 3))])
    expected = -np.log(np.array(predictions)[[0, 1], [2, 1]])
    expected += 0.3 * np.square(np.array(drawn) - image).sum(axis=(1, 2, 3))
    expected += 0.2 * np.square(np.array(below) - np.array(features[0])).sum(axis=(1, 2, 3))
    model.compile(keras.optimizers.SGD(0.0), model.default_loss)
    history = model.fit(image, np.array([2, 1]), verbose=0).history
    assert history["loss"] == pytest.approx([expected.mean()], rel=1e-4)


def test_sides_that_leave_a_rest_are_refused():
    with pytest.raises(ValueError, match=r"divisible by 32.*Received: input_shape=\(48, 40, 3\)"):
        stacked_what_where_autoencoder((48, 40, 3))
