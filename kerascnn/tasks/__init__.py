"""What a model is for: its data, its training, its score and its picture, one file a task."""

from kerascnn.backend import require_tensorflow_backend

require_tensorflow_backend()

from kerascnn.tasks.catalogue import get_task, list_tasks
from kerascnn.tasks.fit import train
from kerascnn.tasks.task import Task

__all__ = ["Task", "get_task", "list_tasks", "train"]
