"""Progress is a bar in a terminal and a line an epoch elsewhere."""

import contextlib
import io

import keras
import numpy as np
from rich.console import Console

from kerascnn.training.progress import Progress


def shown(*, terminal, epochs=3, initial_epoch=0):
    stream = io.StringIO()
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with Progress(Console(file=stream, force_terminal=terminal, width=120)) as progress:
        model.fit(
            np.ones((8, 2)),
            np.ones((8, 1)),
            batch_size=2,
            epochs=epochs,
            initial_epoch=initial_epoch,
            verbose=0,
            callbacks=[progress],
        )
    return stream.getvalue()


def test_without_a_terminal_there_is_a_line_an_epoch():
    lines = shown(terminal=False).splitlines()
    assert [line.split()[1] for line in lines] == ["1/3", "2/3", "3/3"]
    assert all("loss" in line and line.endswith(" s") for line in lines)
    assert not any("\x1b" in line for line in lines)


def test_a_terminal_shows_a_bar_that_gets_full():
    text = shown(terminal=True)
    assert "epoch 3/3" in text
    assert "100%" in text
    assert "loss" in text


def test_a_resumed_run_counts_from_where_it_was():
    lines = shown(terminal=False, initial_epoch=2).splitlines()
    assert [line.split()[1] for line in lines] == ["3/3"]


def test_an_error_gives_the_terminal_its_cursor_back():
    stream = io.StringIO()
    with contextlib.suppress(KeyboardInterrupt):
        interrupted(Progress(Console(file=stream, force_terminal=True)))
    hidden, shown_again = "\x1b[?25l", "\x1b[?25h"
    assert 0 <= stream.getvalue().rfind(hidden) < stream.getvalue().rfind(shown_again)


def interrupted(progress):
    with progress:
        progress.set_params({"epochs": 2, "steps": 4})
        progress.on_epoch_begin(0)
        raise KeyboardInterrupt
