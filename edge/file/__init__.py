"""The structure of a model file, checked before a runtime sees it."""
