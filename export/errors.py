"""The error that says why a model can't leave as asked."""


class ExportError(RuntimeError):
    """The conversion failed, or its result isn't what was asked for."""
