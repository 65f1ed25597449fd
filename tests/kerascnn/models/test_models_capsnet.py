import keras
import numpy as np
import pytest

from kerascnn.models.classification.capsnet import capsnet
from kerascnn.registry import get_system

SMALL = {**get_system("capsnet").tiny, "num_classes": 3}


@pytest.fixture(scope="module")
def paper():
    with keras.StatelessScope(initialize_variables=False):
        return capsnet()


def test_the_capsules_are_those_of_the_paper(paper):
    shapes = {layer.name: layer.output.shape[1:] for layer in paper.network.layers}
    assert shapes["conv1"] == (20, 20, 256)
    assert shapes["primary_capsules"] == (6 * 6 * 32, 8)
    assert shapes["class_capsules"] == (10, 16)
    assert paper.network.get_layer("class_capsules").iterations == 3
    assert paper.network.get_layer("class_capsules").count_params() == 1_474_560


def test_the_decoder_trains_and_is_not_deployed(paper):
    assert paper.decoder.count_params() == 1_411_344
    assert paper.count_params() == 6_804_224 + 1_411_344
    assert paper.error_weights == (0.0005,)
    assert paper.default_loss.options == {"present": 0.9, "absent": 0.1, "absent_weight": 0.5}


def test_training_draws_the_image_from_the_capsule_of_the_true_class():
    keras.utils.set_random_seed(0)
    model, labels = capsnet(**SMALL), np.array([2, 0, 1, 1])
    images = np.random.default_rng(0).uniform(size=(4, 10, 10, 1)).astype("float32")
    lengths, capsules = (np.array(x) for x in model.network(images))
    np.testing.assert_allclose(lengths, np.linalg.norm(capsules, axis=-1), rtol=1e-4)
    hot = np.eye(3, dtype="float32")[labels]
    first, last = model.decoder.layers[-1].hidden[0], model.decoder.layers[-1].pixels
    x = np.maximum((capsules * hot[..., None]).reshape(4, -1) @ first.kernel + first.bias, 0)
    hidden = model.decoder.layers[-1].hidden[1]
    x = np.maximum(x @ hidden.kernel + hidden.bias, 0)
    drawn = 1 / (1 + np.exp(-(x @ last.kernel + last.bias)))
    margin = hot * np.maximum(0.9 - lengths, 0) ** 2
    margin += 0.5 * (1 - hot) * np.maximum(lengths - 0.1, 0) ** 2
    each = margin.sum(-1) + 0.0005 * ((drawn - images.reshape(4, -1)) ** 2).sum(-1)
    model.compile(keras.optimizers.SGD(0.0), model.default_loss)
    history = model.fit(images, labels, batch_size=4, verbose=0).history
    assert history["loss"] == pytest.approx([each.mean()], rel=1e-4)
    evaluated = model.evaluate(images, labels, verbose=0)
    assert evaluated == pytest.approx(margin.sum(-1).mean(), rel=1e-4)


def test_kernels_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"Received: input_shape=\(16, 16, 1\), kernel_size=9"):
        capsnet((16, 16, 1))
