"""Write how training goes to a CSV file and to TensorBoard."""

from __future__ import annotations

import csv
import dataclasses
import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class MetricsLog:
    """Takes the reports of one training and writes each at once, so that none is lost.

    A figure of K parts becomes K columns, "validation_error/0" and so on.
    """

    def __init__(self, folder: Path, step: str = "epoch") -> None:
        """Open `metrics.csv` in `folder`, and a TensorBoard event file if tensorboardX is there.

        Args:
            folder: made if missing; one a training, for older files of this kind are replaced.
            step: the figure that counts the reports.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for events in folder.glob("events.out.tfevents.*"):
            events.unlink()
        self._file = open(folder / "metrics.csv", "w", newline="", encoding="utf-8")
        self._step = step
        self._rows: csv.DictWriter[str] | None = None
        self._board = _board(folder)

    def __call__(self, report: Any) -> None:
        """Write one report: a dataclass, or figures by name, always the same ones."""
        figures = _flat(report)
        if self._rows is None:
            self._rows = csv.DictWriter(self._file, list(figures))
            self._rows.writeheader()
        self._rows.writerow(figures)
        self._file.flush()
        if self._board is not None:
            for name, value in figures.items():
                if name != self._step and math.isfinite(value):
                    self._board.add_scalar(name, value, figures[self._step])

    def close(self) -> None:
        """Finish the files; calling it twice is harmless."""
        self._file.close()
        if self._board is not None:
            self._board.close()


def _flat(report: Any) -> dict[str, float]:
    named = report if isinstance(report, Mapping) else dataclasses.asdict(report)
    flat: dict[str, float] = {}
    for name, value in named.items():
        if isinstance(value, tuple):
            flat.update({f"{name}/{k}": float(one) for k, one in enumerate(value)})
        else:
            flat[name] = value
    return flat


def _board(folder: Path) -> Any:
    try:
        from tensorboardX import SummaryWriter
    except ImportError:
        warnings.warn(
            "tensorboardX is not installed: metrics go to metrics.csv only. "
            "Install it with: pip install 'rl_control[learn]'",
            stacklevel=3,
        )
        return None
    return SummaryWriter(str(folder))
