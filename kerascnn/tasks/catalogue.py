"""The tasks by name."""

from __future__ import annotations

import difflib

from kerascnn.tasks.acoustic import Acoustic
from kerascnn.tasks.autoencoding import Autoencoding
from kerascnn.tasks.captioning import Captioning
from kerascnn.tasks.classification import Classification
from kerascnn.tasks.clustering import Clustering
from kerascnn.tasks.dense_captioning import DenseCaptioning
from kerascnn.tasks.detection import Detection
from kerascnn.tasks.embedding import Embedding
from kerascnn.tasks.generation import Generation
from kerascnn.tasks.instance_segmentation import InstanceSegmentation
from kerascnn.tasks.pose import Pose
from kerascnn.tasks.restoration import Restoration
from kerascnn.tasks.segmentation import Segmentation
from kerascnn.tasks.speech import Speech
from kerascnn.tasks.task import Task
from kerascnn.tasks.translation import Translation

_TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Acoustic(),
        Autoencoding(),
        Captioning(),
        Classification(),
        Clustering(),
        DenseCaptioning(),
        Detection(),
        Embedding(),
        Generation(),
        InstanceSegmentation(),
        Pose(),
        Restoration(),
        Segmentation(),
        Speech(),
        Translation(),
    )
}


def list_tasks() -> list[str]:
    """List the names that `get_task` takes."""
    return sorted(_TASKS)


def get_task(name: str) -> Task:
    """Find a task by its name, such as `"segmentation"`.

    Raises:
        ValueError: If no task has this name; the message offers the nearest ones.
    """
    if name not in _TASKS:
        near = difflib.get_close_matches(name, _TASKS, n=3, cutoff=0.4)
        hint = f"Nearest: {', '.join(near)}." if near else f"Known: {', '.join(list_tasks())}."
        raise ValueError(f"No task has this name. {hint} Received: {name}")
    return _TASKS[name]
