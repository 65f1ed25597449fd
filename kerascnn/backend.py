"""Refuses a process in which Keras 3 on TensorFlow cannot work, and says what to do."""

import os

_INSTALL = 'Install the training packages with: pip install "kerascnn[train]"'

_BACKEND = (
    "kerascnn trains and exports on the TensorFlow backend. Set KERAS_BACKEND=tensorflow before "
    "Python starts."
)


def require_tensorflow_backend() -> None:
    """Import Keras, or explain why this process cannot use it.

    Called by each package that needs Keras, before its first module is imported.

    Raises:
        ModuleNotFoundError: If keras or tensorflow is not installed.
        ImportError: If Keras is version 2, the process is set up for legacy Keras, or Keras runs
            on another backend.
    """
    legacy = os.environ.get("TF_USE_LEGACY_KERAS", "")
    if legacy.lower() in ("1", "true"):
        raise ImportError(
            "kerascnn needs Keras 3, but this process asks TensorFlow for the legacy Keras 2. "
            "Unset TF_USE_LEGACY_KERAS before Python starts. "
            f"Received: TF_USE_LEGACY_KERAS={legacy}"
        )
    try:
        import keras
    except ModuleNotFoundError as error:
        if error.name in ("jax", "torch"):  # Keras imports the backend that it is set up for
            raise ImportError(f"{_BACKEND} Received: backend {error.name}") from error
        raise ModuleNotFoundError(
            f"{error.name} is not installed. {_INSTALL}", name=error.name
        ) from error
    if not hasattr(keras, "ops"):
        raise ImportError(f"kerascnn needs Keras 3. {_INSTALL} Received: keras {keras.__version__}")
    if keras.config.backend() != "tensorflow":
        raise ImportError(f"{_BACKEND} Received: backend {keras.config.backend()}")
