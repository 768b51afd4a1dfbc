"""A source that tests script, and views of it."""

import contextlib
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from rl_control.robot.description import load_robot
from rl_control.types import JointState

collect_ignore = []
try:
    import viser  # noqa: F401
except ImportError:
    collect_ignore = [path.name for path in Path(__file__).parent.glob("test_*.py")]


class ScriptedSource:
    """An arm that does what a test says; remembers what it was asked for."""

    playback = None
    waiting = "no arm yet"
    can_move = can_reset = True
    title = "scripted"

    def __init__(self, name="planar2", may_move=True) -> None:
        self.robot = load_robot(name)
        self.may_move = may_move
        self.sent, self.asked = [], []
        self.seen = None
        self.motion = None
        self.began = time.monotonic()

    def state(self, q, stamp=0.0, effort=None):
        n = self.robot.n
        effort = np.zeros(n) if effort is None else effort
        return JointState(self.robot.names, q, np.zeros(n), effort, stamp)

    def look(self):
        if self.motion is not None:
            self.seen = self.motion(time.monotonic() - self.began)
        return self.seen

    def send(self, target) -> None:
        self.sent.append(target)

    def stop(self) -> str:
        self.asked.append("stop")
        return "stopped"

    def start(self) -> str:
        self.asked.append("start")
        return ""

    def reset(self) -> str:
        self.asked.append("reset")
        return ""


@pytest.fixture
def scripted():
    return ScriptedSource


@contextlib.contextmanager
def turning(view, rate=30.0):
    """Let a view draw on a thread of its own."""
    ended = threading.Event()

    def turn() -> None:
        while not ended.wait(1.0 / rate):
            view.turn(time.monotonic())

    thread = threading.Thread(target=turn, daemon=True)
    thread.start()
    try:
        yield view
    finally:
        ended.set()
        thread.join(5.0)
        view.close()


@pytest.fixture
def running():
    """`running(source, config)`: a view of it that draws until the test is over."""
    from rl_control.view.settings import ViewConfig
    from rl_control.view.view import View

    with contextlib.ExitStack() as stack:
        yield lambda source, config=None: stack.enter_context(
            turning(View(source, config or ViewConfig(port=0)))
        )
