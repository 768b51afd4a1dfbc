"""The life of a node's process: from its arguments to a safe last command and an exit code.

rclpy's own signal handling ends the context before a `finally` can publish, so it is switched off
and the handlers here only ask the loop to stop.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from rl_control.errors import ConfigError, RlControlError
from rl_control.run.supervisor import PARENT_VARIABLE

if TYPE_CHECKING:
    from rl_control.ros.node import ManagedNode

T = TypeVar("T")

# A signal waits for the executor's next turn: the exit must come within 1 s.
LONGEST_WAIT = 0.05
# The arm brakes after the request to stop; delivery of the last command takes its time, too.
WIND_DOWN_TIME = 0.5
# How long one thread may keep Python to itself while another has a message to send, in [s].
SWITCH_INTERVAL = 2e-4


class Stopped(Exception):
    """The process was asked to stop while it waited."""


class StopRequest:
    """Whether the process should end: a signal came, or the launcher that started it died."""

    def __init__(self) -> None:
        """Start with no request."""
        self._requested = False
        parent = os.environ.get(PARENT_VARIABLE, "")
        self._parent = int(parent) if parent.isdigit() else None

    def install(self) -> None:
        """Let SIGINT, SIGTERM and SIGHUP (a closed terminal) make the request."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    @property
    def requested(self) -> bool:
        """Whether to stop now."""
        if self._parent is not None and os.getppid() != self._parent:
            self._requested = True
        return self._requested

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._requested = True

    def wait_for(self, work: Callable[[], T]) -> T:
        """Run slow `work` on a thread of its own and return its result.

        Raises:
            Stopped: if a stop is requested first; the work is then abandoned.
            Exception: what `work` raises.
        """
        results: list[T] = []
        errors: list[Exception] = []
        finished = threading.Event()

        def run() -> None:
            try:
                results.append(work())
            except Exception as error:  # raised again in the waiting thread
                errors.append(error)
            finished.set()

        threading.Thread(target=run, name="build", daemon=True).start()
        while not finished.wait(LONGEST_WAIT):
            if self.requested:
                raise Stopped
        if errors:
            raise errors[0]
        return results[0]


def main(node_class: type[ManagedNode]) -> None:
    """Run a node until it is asked to stop, then leave the process with its exit code."""
    code = run(node_class, sys.argv)
    sys.stdout.flush()
    sys.stderr.flush()
    if threading.active_count() > 1:
        # A solve that is still running must neither delay the exit nor outlive what it works on.
        os._exit(code)
    sys.exit(code)


def run(node_class: type[ManagedNode], arguments: Sequence[str]) -> int:
    """Run a node until it is asked to stop; return 0, or 2 after a refusal (printed)."""
    stop = StopRequest()
    stop.install()
    sys.setswitchinterval(SWITCH_INTERVAL)
    logging.getLogger("rl_control").addHandler(logging.NullHandler())  # the node logs by itself
    try:
        node_class.check(arguments)
        with _context(arguments):
            node = node_class(stop)
            try:
                _spin(node, stop)
            finally:
                node.close()
    except Stopped:
        return 0
    except RlControlError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _spin(node: ManagedNode, stop: StopRequest) -> None:
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    node.begin()
    # What exists now stays: the garbage collector need not walk it again in mid-run.
    gc.collect()
    gc.freeze()
    while not stop.requested:
        executor.spin_once(timeout_sec=min(node.poll(), LONGEST_WAIT))
    deadline = time.monotonic() + WIND_DOWN_TIME
    while node.winding_down() and time.monotonic() < deadline:
        executor.spin_once(timeout_sec=min(node.poll(), LONGEST_WAIT))


@contextmanager
def _context(arguments: Sequence[str]) -> Iterator[None]:
    if "ROS_LOG_DIR" not in os.environ and "HOME" not in os.environ:
        os.environ["ROS_LOG_DIR"] = tempfile.gettempdir()
    try:
        rclpy.init(args=list(arguments), signal_handler_options=SignalHandlerOptions.NO)
    except Exception as error:  # rclpy's argument errors share no public base class
        raise ConfigError(
            "command line", "--ros-args", str(error), "Correct the ROS arguments."
        ) from None
    try:
        yield
    finally:
        rclpy.try_shutdown()
