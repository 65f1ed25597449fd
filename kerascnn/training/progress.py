"""Shows how far training is."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any

import keras
import rich.progress
from rich.console import Console
from rich.table import Column


class Progress(keras.callbacks.Callback):
    """Show a bar with the remaining time and the metrics; without a terminal, a line an epoch.

    To be used as a context, so that the terminal is restored however training ends.

    Args:
        console: Where to show it; the standard error stream when None.
        steps: Batches of an epoch, where Keras cannot count them, as under several replicas.

    Example:
        >>> with Progress() as progress:
        ...     model.fit(images, labels, verbose=0, callbacks=[progress])
    """

    def __init__(self, console: Console | None = None, *, steps: int | None = None) -> None:
        super().__init__()
        self.steps = steps
        self.console = console or Console(stderr=True)
        self.bar = rich.progress.Progress(
            rich.progress.TextColumn("epoch {task.fields[epoch]}"),
            rich.progress.BarColumn(bar_width=24),
            rich.progress.TaskProgressColumn(),
            rich.progress.TimeRemainingColumn(elapsed_when_finished=True),
            # Takes what the terminal leaves, so that the bar keeps its width.
            rich.progress.TextColumn(
                "{task.fields[metrics]}",
                table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            ),
            console=self.console,
            expand=True,
            disable=not self.console.is_terminal,
        )
        self.task: rich.progress.TaskID | None = None
        self.began = 0.0
        self.epoch = 0

    def __enter__(self) -> Progress:
        self.bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.bar.stop()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Count the epoch from 1, as people do."""
        self.began, self.epoch = time.monotonic(), epoch
        total = self.params["epochs"]
        if self.task is None:
            self.task = self.bar.add_task("", total=total, epoch="", metrics="")
            # A resumed run has not just done what was done before: that would mislead the clock.
            self.bar.reset(self.task, completed=epoch)
        self.bar.update(self.task, epoch=f"{epoch + 1}/{total}")

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Move the bar on."""
        if self.task is not None and (steps := self.params.get("steps") or self.steps):
            self.bar.update(self.task, completed=self.epoch + (batch + 1) / steps)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Show the metrics of the epoch."""
        metrics = "  ".join(f"{name} {value:.4g}" for name, value in (logs or {}).items())
        if self.task is not None:
            self.bar.update(self.task, completed=epoch + 1, metrics=metrics)
        if not self.console.is_terminal:
            seconds = time.monotonic() - self.began
            line = f"epoch {epoch + 1}/{self.params['epochs']}  {metrics}  {seconds:.1f} s"
            self.console.print(line, highlight=False, soft_wrap=True)
