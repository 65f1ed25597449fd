"""What tests of models share: they leave nothing in Keras for those that follow."""

import keras
import pytest


@pytest.fixture(autouse=True)
def nothing_left():
    """Forget variables that got no value in a scope: the end of the next scope would give it."""
    yield
    keras.utils.clear_session(free_memory=False)
