"""The training of networks as its user sees it: a bar, a log, and Ctrl-C for "that will do"."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from rich.console import Console

    from rl_control.models.net_settings import EpochReport
    from rl_control.run.metrics_log import MetricsLog


class Training:
    """A context around a fit; hand `on_epoch` and `stop` to it.

    From the first epoch on, every report is written to a log, and the first Ctrl-C ends the
    training with the best networks so far; the second one, or one before, ends the program.

    Attributes:
        history: a report for each epoch.
        stopped: whether Ctrl-C ended the training.
    """

    def __init__(self, epochs: int, folder: Callable[[], Path], out: Console) -> None:
        """Prepare.

        Args:
            epochs: most epochs there will be.
            folder: makes the folder of the log; asked only if there is something to write.
            out: shows the bar, if it is a terminal.
        """
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        self.history: list[EpochReport] = []
        self.stopped = False
        self._epochs, self._folder = epochs, folder
        self._log: MetricsLog | None = None
        self._held = ExitStack()
        self._bar = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(),
            console=out, transient=True, disable=not out.is_terminal,
        )  # fmt: skip
        self._task = self._bar.add_task("fitting", total=None)

    def __enter__(self) -> Training:
        self._held.enter_context(self._bar)
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def on_epoch(self, report: EpochReport) -> None:
        """Write and show one report."""
        if self._log is None:
            self._log = self._begin()
        self._log(report)
        self.history.append(report)
        best = float(np.exp(np.log(report.best_error).mean()))
        training = sum(report.active)
        self._bar.update(
            self._task,
            total=self._epochs,
            completed=report.epoch,
            description=f"training {training} of {len(report.active)} networks, error {best:.3f}",
        )

    def stop(self) -> bool:
        """Whether the user has had enough."""
        return self.stopped

    def errors(self) -> tuple[np.ndarray, np.ndarray]:
        """Validation errors by epoch and network, NaN once a network rests: epochs [E], [E, K]."""
        epochs = np.array([report.epoch for report in self.history], dtype=np.float64)
        errors = np.array([report.validation_error for report in self.history])
        active = np.array([report.active for report in self.history], dtype=bool)
        if len(errors):
            # The epoch after which a network rests is still one of its own.
            rests = np.vstack([np.zeros((1, errors.shape[1]), dtype=bool), ~active[:-1]])
            errors = np.where(rests, np.nan, errors)
        return epochs, errors

    def _begin(self) -> MetricsLog:
        from rl_control.run.metrics_log import MetricsLog

        log = MetricsLog(self._folder())
        self._held.callback(log.close)
        if threading.current_thread() is threading.main_thread():
            before = signal.signal(signal.SIGINT, self._interrupt)
            self._held.callback(signal.signal, signal.SIGINT, before)
        return log

    def _interrupt(self, number: int, frame: FrameType | None) -> Any:
        if self.stopped:
            raise KeyboardInterrupt
        self.stopped = True
