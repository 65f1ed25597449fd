"""What a client of a served model can do, whatever way it asks."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any

import numpy as np


class ServingError(RuntimeError):
    """The server can't be reached, has no such model, or refuses the request."""


class Client(abc.ABC):
    """Asks one model of a server.

    Args:
        address: Host and port.
        model: Name of the model.
        version: Number of the version; the newest when None.
        timeout: Longest time for an answer, in seconds.
        retries: How often a request is repeated that the server could not take.
    """

    def __init__(
        self,
        address: str,
        model: str,
        *,
        version: int | None = None,
        timeout: float = 10.0,
        retries: int = 3,
    ) -> None:
        if not timeout > 0 or retries < 0:
            raise ValueError(
                "A timeout must be positive and retries at least 0. "
                f"Received: timeout={timeout}, retries={retries}"
            )
        self.address = address
        self.model = model
        self.version = version
        self.timeout = timeout
        self.retries = retries

    @abc.abstractmethod
    def predict(
        self, inputs: Mapping[str, Any], *, signature: str = "serving_default"
    ) -> dict[str, np.ndarray]:
        """Run the model.

        Args:
            inputs: Arrays by name, or lists of bytes, examples along the first axis.
            signature: Name of the signature.

        Returns:
            The outputs by name.

        Raises:
            ServingError: If there is no answer, or an error.
        """

    @abc.abstractmethod
    def classify(self, pictures: list[bytes]) -> list[list[tuple[str, float]]]:
        """Classify encoded pictures.

        Args:
            pictures: JPEG or PNG.

        Returns:
            For each picture the names of the classes and their scores, the best first.

        Raises:
            ServingError: If there is no answer, or an error.
        """

    @abc.abstractmethod
    def status(self) -> dict[int, str]:
        """Give the state of each version, `"AVAILABLE"` where it answers.

        Raises:
            ServingError: If there is no answer, or no such model.
        """


def connect(url: str, model: str, **options: Any) -> Client:
    """Make a client.

    Args:
        url: `http://host:8501` or `https://...` for REST, `grpc://host:8500` for gRPC, which takes
            large arrays many times faster.
        model: Name of the model.
        **options: Further arguments of `Client`.

    Raises:
        ValueError: If the URL is none of these, or an option is out of its range.
        ModuleNotFoundError: If what the interface needs is not installed.

    Example:
        >>> client = connect("grpc://localhost:8500", "digits")
        >>> client.predict({"image": images})
    """
    scheme, _, address = url.partition("://")
    if scheme in ("http", "https") and address:
        from kerascnn.serving.rest import RESTClient

        return RESTClient(url.rstrip("/"), model, **options)
    if scheme == "grpc" and address:
        from kerascnn.serving.grpc import GRPCClient

        return GRPCClient(address.rstrip("/"), model, **options)
    raise ValueError(
        f"A server is named as http://host:8501 or grpc://host:8500. Received: url={url!r}"
    )


def ranked(classes: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Order classes by their scores, the best first."""
    return sorted(classes, key=lambda one: -one[1])
