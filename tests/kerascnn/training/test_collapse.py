import keras
import numpy as np
import pytest

from kerascnn import create_model
from kerascnn.registry import get_system
from kerascnn.training import StopOnCollapse

RNG = np.random.default_rng(0)


def watched(name, images, **options):
    """A callback that has seen these images, one batch after each epoch."""
    model = create_model(name, **get_system(name).tiny)
    callback = StopOnCollapse(**options)
    callback.set_model(model)
    callback.on_train_begin()
    fed = model.preview(callback.inputs)
    assert len(fed) == 64
    model.preview = lambda inputs: images.pop(0)
    return callback


def images(scale):
    return scale * RNG.normal(size=(64, 8, 8, 1))


def test_images_that_become_alike_stop_the_training():
    callback = watched("gan", [images(s) for s in (0.01, 1.0, 0.01, 0.02, 0.01)])
    for epoch in range(4):
        callback.on_epoch_end(epoch)
    with pytest.raises(ValueError, match=r"mode collapse.*in epoch 5, 0\.99 before"):
        callback.on_epoch_end(4)


def test_images_that_differ_again_let_it_go_on():
    callback = watched("gan", [images(s) for s in (1.0, 0.01, 0.5, 0.01, 1.0)], patience=2)
    for epoch in range(5):
        callback.on_epoch_end(epoch)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_images_that_are_no_numbers_stop_it_at_once(value):
    callback = watched("gan", [images(1.0), np.full((64, 8, 8, 1), value)])
    callback.on_epoch_end(0)
    with pytest.raises(ValueError, match=r"must be finite.*epoch 2"):
        callback.on_epoch_end(1)


@pytest.mark.parametrize("name", ["conditional_gan", "semi_supervised_gan", "lapgan", "msg_gan"])
def test_it_watches_whatever_the_generator_takes(name):
    watched(name, [])


def test_it_watches_fit():
    gan = create_model("gan", **get_system("gan").tiny)
    gan.compile()
    gan.fit(images(1.0)[:8].astype("float32"), verbose=0, callbacks=[StopOnCollapse()])


@pytest.mark.parametrize("options", [{"share": 0.0}, {"share": 1.0}, {"patience": 0}])
def test_arguments_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match="Received"):
        StopOnCollapse(**options)


def test_a_growing_gan_shows_the_size_that_it_has():
    gan = create_model("progressive_gan", **get_system("progressive_gan").tiny)
    keras.utils.set_random_seed(0)
    shown = np.asarray(gan.preview(gan.latents(2)))
    assert shown.shape == (2, 8, 8, 1)
    np.testing.assert_array_equal(shown[:, ::2, ::2], shown[:, 1::2, 1::2])
