"""Models made of networks that are their arguments."""

import inspect
from collections.abc import Mapping
from typing import Any

import keras


def parts(model: keras.Model) -> dict[str, keras.Model]:
    """Give what of a model goes to the device.

    Args:
        model: Any model. Its `deployable`, where it has one, is a functional model or several by
            name, which a device runs in turn.

    Returns:
        Functional models by name; a single one is `model`.
    """
    deployable = getattr(model, "deployable", model)
    return dict(deployable) if isinstance(deployable, Mapping) else {"model": deployable}


class Networks(keras.Model):
    """Holds networks, and saves and restores them with all other arguments of the constructor.

    A subclass keeps each argument of its constructor in the attribute of the same name, or in
    `default_loss` and the like where Keras has an attribute of that name itself. What it takes as
    `**kwargs` are arguments of the class above it.
    """

    def get_config(self) -> dict[str, Any]:
        """Describe the arguments of the constructor."""
        arguments: dict[str, Any] = {}
        for kind in type(self).__mro__[: type(self).__mro__.index(Networks)]:
            taken = list(inspect.signature(kind).parameters.values())
            own = [one.name for one in taken if one.kind is not one.VAR_KEYWORD]
            arguments |= {name: self._argument(name) for name in own}
            if len(own) == len(taken):
                break  # it passes on no others
        return {**keras.saving.serialize_keras_object(arguments), "name": self.name}

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> "Networks":
        """Restore the networks, with new weights."""
        return cls(**keras.saving.deserialize_keras_object(config, custom_objects))

    def _argument(self, name: str) -> Any:
        default = f"default_{name}"
        return getattr(self, default if hasattr(self, default) else name)
