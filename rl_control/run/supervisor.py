"""Runs a group of processes as one: prefixed output, one end for all of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

POLL_PERIOD = 0.05
TAIL_LINES = 20
PARENT_VARIABLE = "RL_CONTROL_PARENT_PID"


@dataclass(frozen=True)
class ProcessSpec:
    """One process to run: its label, its command and its environment."""

    label: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


class _Signalled(Exception):
    """A signal asked this process to end."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(number)


class _Child:
    """A running process whose lines are passed on under its label."""

    def __init__(self, spec: ProcessSpec, write: Callable[[str], None]) -> None:
        self.label = spec.label
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._write = write
        # A session of its own: a Ctrl-C at the terminal must reach it once, from us.
        self.process = subprocess.Popen(
            spec.command,
            env={**os.environ, **spec.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.tail.append(line.rstrip("\n"))
            self._write(f"[{self.label}] {self.tail[-1]}")

    def signal(self, number: int) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)

    def finish(self) -> None:
        """Kill whatever is left of it, and pass on its last lines."""
        if self.process.poll() is None:
            self._write(f"[{self.label}] did not end in time: killed")
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reader.join(timeout=1.0)


def supervise(
    specs: Sequence[ProcessSpec],
    grace: float = 5.0,
    write: Callable[[str], None] | None = None,
    until: str | None = None,
) -> int:
    """Run processes until all end, one fails, or a signal comes; then end them all.

    Ending means one SIGINT to each, a grace time, then SIGKILL; a second signal skips the rest of
    the grace time. Each process learns our process id, so that it can end when we are killed.

    Args:
        specs: what to run.
        grace: time to end in after SIGINT, in [s].
        write: takes each line of output; by default to standard output.
        until: label of the process whose good end is the end of the whole.

    Returns:
        0 if all, or the one named by `until`, ended well; the exit code of the first that failed
        (1 if a signal killed it); 128 + the number of the signal that ended the whole.
    """
    write = write or _write_line
    children: list[_Child] = []
    with _signals_raise():
        try:
            for spec in specs:
                children.append(_Child(_with_parent(spec), write))
            return _watch(children, write, until)
        except _Signalled as caught:
            return 128 + caught.number
        finally:
            _end(children, grace)


def _watch(children: Sequence[_Child], write: Callable[[str], None], until: str | None) -> int:
    while True:
        codes = [child.process.poll() for child in children]
        for child, code in zip(children, codes, strict=True):
            if code:
                child.finish()
                write(f"{child.label} ended with exit code {code}: ending all. Its last lines:")
                for line in child.tail:
                    write(f"  {line}")
                return code if code > 0 else 1
        ended = {child.label for child, code in zip(children, codes, strict=True) if code == 0}
        if until in ended or len(ended) == len(children):
            return 0
        time.sleep(POLL_PERIOD)


def _end(children: Sequence[_Child], grace: float) -> None:
    for child in children:
        child.signal(signal.SIGINT)
    deadline = time.monotonic() + grace
    try:
        while time.monotonic() < deadline:
            if all(child.process.poll() is not None for child in children):
                break
            time.sleep(POLL_PERIOD)
    except _Signalled:
        pass  # asked twice: no more grace
    for child in children:
        child.finish()


def _with_parent(spec: ProcessSpec) -> ProcessSpec:
    ours = {PARENT_VARIABLE: str(os.getpid()), "PYTHONUNBUFFERED": "1"}
    return ProcessSpec(spec.label, spec.command, {**ours, **spec.environment})


@contextmanager
def _signals_raise() -> Iterator[None]:
    def handler(number: int, frame: FrameType | None) -> None:
        raise _Signalled(number)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, handler) for number in numbers]
    try:
        yield
    finally:
        for number, previous in zip(numbers, before, strict=True):
            signal.signal(number, previous)


def _write_line(line: str) -> None:
    print(line, file=sys.stdout, flush=True)
