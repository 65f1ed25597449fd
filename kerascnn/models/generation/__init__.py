"""Systems that draw images, with the hooks of their papers."""

import importlib
import pkgutil

# Keras finds the class of a saved model once its file was imported.
for _module in pkgutil.iter_modules(__path__, f"{__name__}."):
    importlib.import_module(_module.name)
