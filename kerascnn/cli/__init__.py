"""The `kerascnn` command."""

from kerascnn.cli.app import main

__all__ = ["main"]
