"""Refuses, at the first import that needs Keras, a process set up so that Keras 3 on TensorFlow
cannot work."""

import os

_INSTALL = 'Install the training packages with: pip install "kerascnn[train]"'

if os.environ.get("TF_USE_LEGACY_KERAS", "").lower() in ("1", "true"):
    raise ImportError(
        "kerascnn needs Keras 3, but this process asks TensorFlow for the legacy Keras 2. "
        "Unset the variable before Python starts. "
        f"Received: TF_USE_LEGACY_KERAS={os.environ['TF_USE_LEGACY_KERAS']}"
    )

try:
    import keras
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(f"{error.name} is not installed. {_INSTALL}") from error

if not hasattr(keras, "ops"):
    raise ImportError(f"kerascnn needs Keras 3. {_INSTALL} Received: keras {keras.__version__}")

if keras.config.backend() != "tensorflow":
    raise ImportError(
        "kerascnn trains and exports on the TensorFlow backend of Keras. Set KERAS_BACKEND=tensorflow "
        f"before Python starts. Received: backend {keras.config.backend()}"
    )
