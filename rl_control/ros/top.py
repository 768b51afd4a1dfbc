"""`rl_control top`: the process that listens and draws."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import rclpy
from rclpy.exceptions import InvalidNamespaceException, InvalidTopicNameException
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rich.console import Console
from rich.live import Live

from rl_control.errors import ConfigError, RlControlError
from rl_control.report.dashboard.bars import ASCII, UNICODE, Glyphs
from rl_control.report.dashboard.data import Snapshot
from rl_control.report.dashboard.draw import dashboard
from rl_control.report.dashboard.line import plain_line
from rl_control.report.table import console
from rl_control.ros.process import StopRequest
from rl_control.ros.top_topics import NAME, TopTopics
from rl_control.run import top
from rl_control.run.output import plain

NICENESS = 10
LINE_PERIOD = 1.0  # [s] between two lines in a pipe
LOOK_PERIOD = 0.1  # [s] between two looks at what has come, at most
PIPE_HEIGHT = 60


class Top:
    """Looks at an arm until asked to stop."""

    def __init__(self, topics: TopTopics, stop: StopRequest) -> None:
        self._topics, self._stop = topics, stop

    def once(self, wait: float) -> Snapshot:
        """Listen until everything has been heard, `wait` [s] at most; return what there is."""
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline and not self._stop.requested:
            self._topics.poll()
            if self._topics.watch.complete:
                break
            time.sleep(LOOK_PERIOD)
        self._topics.look_around()
        return self._snapshot()

    def every(self, period: float) -> Iterator[Snapshot]:
        """Yield a snapshot every `period` [s]."""
        due = time.monotonic() + period
        while not self._stop.requested:
            self._topics.poll()
            remaining = due - time.monotonic()
            if remaining <= 0.0:
                yield self._snapshot()
                due = max(due + period, time.monotonic())
            else:
                time.sleep(min(remaining, LOOK_PERIOD))

    def _snapshot(self) -> Snapshot:
        self._topics.poll()
        topics = self._topics
        now = time.time()
        clock = time.strftime("%H:%M:%S", time.localtime(now))
        return topics.watch.snapshot(now, clock, topics.nodes, topics.missing())


def watch(args: argparse.Namespace, shows: Top, out: Console) -> int:
    """Show what was asked for; return the exit code."""
    glyphs = ASCII if out.options.ascii_only else UNICODE
    if args.once:
        snapshot = shows.once(args.wait)
        if args.json:
            print(_json(snapshot))
        else:
            height = out.height if out.is_terminal else PIPE_HEIGHT
            out.print(dashboard(snapshot, out.width, height, glyphs))
        return 0 if snapshot.joints else 1
    if args.json or not out.is_terminal:
        say: Callable[[Snapshot], str] = _json if args.json else plain_line
        for snapshot in shows.every(LINE_PERIOD):
            print(say(snapshot), flush=True)
        return 0
    _live(shows, args.rate, out, glyphs)
    return 0


def _live(shows: Top, rate: float, out: Console, glyphs: Glyphs) -> None:
    with Live(console=out, screen=True, auto_refresh=False) as live:
        for snapshot in shows.every(1.0 / rate):
            picture = dashboard(snapshot, out.width, out.height, glyphs)
            live.update(picture, refresh=True)


def _json(snapshot: Snapshot) -> str:
    return json.dumps(plain(snapshot), allow_nan=False)


@contextmanager
def _topics(namespace: str, controller: str) -> Iterator[TopTopics]:
    # Shared memory of a process that ends at any time can stall others for a moment.
    os.environ.setdefault("FASTDDS_BUILTIN_TRANSPORTS", "UDPv4")
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = Node(f"{NAME}_{os.getpid()}", enable_rosout=False, start_parameter_services=False)
        yield TopTopics(node, namespace, controller)
    except (InvalidNamespaceException, InvalidTopicNameException, ValueError) as error:
        raise ConfigError(
            "command line",
            "--namespace, --controller",
            " ".join(str(error).split()),
            "Use letters, digits and '_', as in left_arm.",
        ) from None
    finally:
        rclpy.try_shutdown()


def main(argv: Sequence[str] | None = None) -> int:
    """Watch as `rl_control top` does; return the exit code."""
    parser = argparse.ArgumentParser(prog="rl_control top", allow_abbrev=False)
    top.add_arguments(parser)
    args = parser.parse_args(argv)
    stop = StopRequest()
    stop.install()
    os.nice(NICENESS)
    try:
        with _topics(args.namespace, args.controller) as topics:
            return watch(args, Top(topics, stop), console())
    except RlControlError as error:
        print(f"rl_control: error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
