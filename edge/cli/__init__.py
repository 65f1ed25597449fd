"""The `kerascnn-edge` command, which needs nothing but what stands on a device."""

from .app import main

__all__ = ["main"]
