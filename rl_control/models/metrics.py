"""Write how a fit goes to a CSV file and to TensorBoard."""

from __future__ import annotations

import csv
import dataclasses
import warnings
from pathlib import Path
from typing import Any

from rl_control.models.net_settings import EpochReport


class MetricsLog:
    """Takes the reports of one fit and writes each at once, so that a stopped fit loses none.

    A figure of K networks becomes K columns, "validation_error/0" and so on.
    """

    def __init__(self, folder: Path) -> None:
        """Open `metrics.csv` in `folder`, and a TensorBoard event file if tensorboardX is there.

        Args:
            folder: made if missing; one a fit, for an older `metrics.csv` in it is replaced.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._file = open(folder / "metrics.csv", "w", newline="", encoding="utf-8")
        self._rows: csv.DictWriter[str] | None = None
        self._board = _board(folder)

    def __call__(self, report: EpochReport) -> None:
        """Write one report."""
        figures = _flat(report)
        if self._rows is None:
            self._rows = csv.DictWriter(self._file, list(figures))
            self._rows.writeheader()
        self._rows.writerow(figures)
        self._file.flush()
        if self._board is not None:
            for name, value in figures.items():
                if name != "epoch":
                    self._board.add_scalar(name, value, report.epoch)

    def close(self) -> None:
        """Finish the files; calling it twice is harmless."""
        self._file.close()
        if self._board is not None:
            self._board.close()


def _flat(report: EpochReport) -> dict[str, float]:
    flat: dict[str, float] = {}
    for name, value in dataclasses.asdict(report).items():
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
