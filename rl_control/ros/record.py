"""`rl_control record`: the process that listens, and shows how it gets on."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from typing import Any, ClassVar

from rich.console import Group
from rich.live import Live
from rich.text import Text

from rl_control.report.table import console, number, table
from rl_control.ros import process
from rl_control.ros.process import Stopped
from rl_control.ros.recorder_node import BagRecorder, Progress
from rl_control.run import record

PICTURE_PERIOD = 0.5  # [s]
_AROUND = 8  # lines of the terminal that are not a topic's


class Recording(BagRecorder):
    """The recorder, with a picture on the terminal and an end of its own."""

    node_name = "record"
    duration: ClassVar[float] = 0.0
    """Time in [s] after which it ends; 0 for none."""

    def start(self) -> None:
        """Begin, and begin to show it."""
        super().start()
        out = console()
        self._screen: Live | None = None
        self._shown: Progress | None = None
        if out.is_terminal:
            self._screen = Live(console=out, auto_refresh=False, transient=True)
            self._screen.start()
            self.every(PICTURE_PERIOD, self._show)

    def halt(self) -> None:
        """Take the picture away, and end the bag."""
        if self._screen is not None:
            self._screen.stop()
        super().halt()

    def poll(self, ahead: float = 0.0) -> float:
        """Do what is due.

        Raises:
            Stopped: when the duration is over.
        """
        left = super().poll(ahead)
        if self.active and self.duration and time.monotonic() - self.began > self.duration:
            raise Stopped
        return left

    def _show(self) -> None:
        if self._screen is not None:
            height = self._screen.console.height
            self._shown = progress = self.progress(self._shown)
            self._screen.update(picture(progress, self.paused, height), refresh=True)


def picture(progress: Progress, paused: bool, height: int) -> Group:
    """Return what is shown while recording.

    Args:
        progress: of the recording.
        paused: whether it is paused.
        height: lines of the terminal.
    """
    lost = f", {progress.lost:,} lost" if progress.lost else ""
    title = (
        f"{'paused ' if paused else ''}{progress.seconds:.0f} s   "
        f"{sum(progress.counts.values()):,} messages{lost}   {progress.size / 1e6:.1f} MB"
    )
    rows = [
        (topic, f"{count:,}", number(progress.rates.get(topic), 0))
        for topic, count in sorted(progress.counts.items())
    ]
    room = max(1, height - _AROUND)
    if len(rows) > room:
        rows = [*rows[: room - 1], (f"and {len(rows) - room + 1} more", "", "")]
    return Group(Text(title, style="bold"), table("", ("topic", "messages", "a second"), rows))


def ros_arguments(args: argparse.Namespace) -> list[str]:
    """Return the ROS arguments that give the node what the command line asks for."""
    parameters: dict[str, Any] = {
        "folder": args.output or "",
        "topics": args.topics,
        "exclude": args.exclude,
        "hidden": args.all,
        "split_size": args.split_size,
        "paused": args.paused,
        "end_when_full": True,
    }
    given = {key: value for key, value in parameters.items() if value != []}
    rules = [word for key, value in given.items() for word in ("-p", f"{key}:={json.dumps(value)}")]
    return ["record", "--ros-args", *rules, "--log-level", "warn"]


def main(argv: Sequence[str] | None = None) -> int:
    """Record as `rl_control record` does; return the exit code."""
    parser = argparse.ArgumentParser(prog="rl_control record", allow_abbrev=False)
    record.add_arguments(parser)
    args = parser.parse_args(argv)
    # Shared memory of a process that ends at any time can stall others for a moment.
    os.environ.setdefault("FASTDDS_BUILTIN_TRANSPORTS", "UDPv4")
    Recording.duration = args.duration
    return process.run(Recording, ros_arguments(args))


if __name__ == "__main__":
    sys.exit(main())
