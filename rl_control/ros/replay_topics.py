"""`rl_control replay topics`: the node bag_player on a terminal."""

from __future__ import annotations

import argparse
import json
import os
import select
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rl_control.config import flatten
from rl_control.ros.player_config import PlayerConfig
from rl_control.ros.player_node import BagPlayer
from rl_control.ros.process import StopRequest, run
from rl_control.run import replay_topics

_LINE_PERIOD = 0.2  # [s]
_PAUSE_KEY = b" "


class TerminalPlayer(BagPlayer):
    """Shows where it is, and hears the space key."""

    def __init__(self, stop: StopRequest) -> None:
        """Declare the parameters."""
        super().__init__(stop)
        self._keys = sys.stdin.isatty()
        self._shows = sys.stdout.isatty()

    def start(self) -> None:
        """Begin to publish."""
        super().start()
        self._shown = ""
        self.every(_LINE_PERIOD, self._look)

    def halt(self) -> None:
        """Stop publishing."""
        super().halt()
        if self._shows and self._shown:
            print()

    def _look(self) -> None:
        if self._keys and select.select([sys.stdin], [], [], 0.0)[0]:
            pressed = os.read(sys.stdin.fileno(), 64)
            if pressed.count(_PAUSE_KEY) % 2:
                self.pause(not self.paused)
        if self._shows:
            self._shown = self._line()
            print(f"\r\x1b[K{self._shown}", end="", flush=True)

    def _line(self) -> str:
        state = "paused, space goes on" if self.paused else f"at rate {self.config.rate:g}"
        if time.monotonic() < self._begin_at:
            state = "finding out who else is there"
        rounds = f", round {self.rounds + 1}" if self.rounds else ""
        return (
            f"{self.position:8.2f} of {self.seconds:.2f} s{rounds}   "
            f"{self.published} messages   {state}"
        )


def parameters(args: argparse.Namespace) -> list[str]:
    """Return the node's parameters as ROS arguments."""
    settings: dict[str, Any] = flatten(PlayerConfig(leave=True))
    for key in settings:
        given = getattr(args, key, None)
        if given not in (None, False, []):
            settings[key] = given
    settings["heard_by"] = [*PlayerConfig().heard_by, *args.heard_by]
    rules = [(key, value) for key, value in settings.items() if value not in ((), [])]
    return ["--ros-args", *(w for key, value in rules for w in ("-p", _rule(key, value)))]


def main(argv: Sequence[str] | None = None) -> int:
    """Publish until the bag ends or Ctrl-C; return the exit code."""
    parser = argparse.ArgumentParser(prog="rl_control replay topics", allow_abbrev=False)
    replay_topics.add_arguments(parser)
    args = parser.parse_args(argv)
    with _single_keys():
        return run(TerminalPlayer, [sys.argv[0], *parameters(args)])


def _rule(key: str, value: Any) -> str:
    values = list(value) if isinstance(value, (list, tuple)) else value
    return f"{key}:={json.dumps(values)}"


@contextmanager
def _single_keys() -> Iterator[None]:
    """Hear keys without Enter, and leave the terminal as it was."""
    if not sys.stdin.isatty():
        yield
        return
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


if __name__ == "__main__":
    sys.exit(main())
