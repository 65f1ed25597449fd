"""The description of a model in the form that is standard among TFLite tools."""
