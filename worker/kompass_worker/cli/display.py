"""What a person sees while a run goes on: a bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

_LINE_SECONDS = 10.0


class Bar(Protocol):
    """The bar of all items."""

    def update(self, done: int) -> None:
        """So many items have an answer."""
        ...


class Display:
    """Speaks on standard error; standard output is for the table."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str) -> None:
        """A line of its own."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def bar(self, title: str, total: int) -> Iterator[Bar]:
        """A bar while the block runs."""
        if not self._console.is_terminal:
            yield _Lines(self, title, total)
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console, transient=True) as progress:
            yield _Rich(progress, progress.add_task(title, total=total))


class _Rich:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def update(self, done: int) -> None:
        self._progress.update(self._task, completed=done)


class _Lines:
    def __init__(self, display: Display, title: str, total: int) -> None:
        self._display = display
        self._title = title
        self._total = total
        self._last = time.monotonic()

    def update(self, done: int) -> None:
        now = time.monotonic()
        if done < self._total and now - self._last < _LINE_SECONDS:
            return
        self._last = now
        self._display.say(f"{self._title}: {done} of {self._total}")
