"""A client of TF Serving, for its REST and its gRPC interface."""

from kerascnn.serving.client import Client, ServingError, connect

__all__ = ["Client", "ServingError", "connect"]
