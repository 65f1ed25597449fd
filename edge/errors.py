"""The one error that says a model file can't be used here."""


class ModelError(ValueError):
    """The file is no model, is damaged, or needs something that this machine lacks."""
