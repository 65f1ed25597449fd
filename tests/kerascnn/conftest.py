"""What tests of models share: they leave nothing in Keras for those that follow."""

import keras
import pytest
import tensorflow as tf

# What a graph computes does not depend on how well TensorFlow rewrites it for speed.
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


@pytest.fixture(autouse=True)
def nothing_left():
    """Forget variables that got no value in a scope: the end of the next scope would give it."""
    yield
    keras.utils.clear_session(free_memory=False)
