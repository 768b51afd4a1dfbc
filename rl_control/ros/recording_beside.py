"""A recorder in a process beside one that moves an arm: it ends when that does, however that is."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rl_control.run.supervisor import PARENT_VARIABLE

START_TIME = 15.0  # [s] in which the recorder must listen
OTHERS_TIME = 1.5  # [s] after which the arm's process knows of the recorder, too
END_TIME = 15.0  # [s] in which it must have ended the bag
POLL = 0.02  # [s]
NODE = "run_recorder"  # a bag_recorder may be there already

Say = Callable[[str], None]


@contextmanager
def recording_beside(
    bag: Path, heard_by: Callable[[str], bool], say: Say = print
) -> Iterator[None]:
    """Record all topics to a bag while the block runs; whatever fails of that, the block runs.

    The recorder has a process and a session of its own: Ctrl-C is not for it, so that the bag has
    how the arm is brought to rest. It ends by itself, with a whole bag, when this process is
    killed.

    Args:
        bag: folder, which must not exist.
        heard_by: says whether a node of that name hears what matters; the block begins then.
        say: is told where the bag is, or once that there is none.
    """
    recorder = _launched(bag, say)
    try:
        if recorder is not None and not _listens(recorder, heard_by):
            recorder.kill()
            recorder.wait()
            recorder = None
            say("warning: not recorded, the recorder did not start")
        yield
    finally:
        if recorder is not None:
            _end(recorder, bag, say)


def _launched(bag: Path, say: Say) -> subprocess.Popen[bytes] | None:
    """The recorder's process; None if it cannot be had."""
    missing = [name for name in ("mcap", "rosbags") if importlib.util.find_spec(name) is None]
    if missing:
        say(f"warning: not recorded, {missing[0]} is not installed: pip install {missing[0]}")
        return None
    command = [
        *(sys.executable, "-m", "rl_control.ros.bag_recorder", "--ros-args", "--log-level", "warn"),
        *("-r", f"__node:={NODE}", "-p", f"folder:={json.dumps(str(bag))}"),
        *("-p", "end_when_full:=true"),
    ]
    ours = {**os.environ, PARENT_VARIABLE: str(os.getpid())}
    try:
        return subprocess.Popen(command, env=ours, start_new_session=True)
    except OSError as error:
        say(f"warning: not recorded, the recorder cannot start: {error}")
        return None


def _listens(recorder: subprocess.Popen[bytes], heard_by: Callable[[str], bool]) -> bool:
    """Wait until the recorder hears what matters; say whether it does."""
    deadline = time.monotonic() + START_TIME
    while recorder.poll() is None and time.monotonic() < deadline:
        if heard_by(NODE):
            time.sleep(OTHERS_TIME)
            return True
        time.sleep(POLL)
    return False


def _end(recorder: subprocess.Popen[bytes], bag: Path, say: Say) -> None:
    whole = recorder.poll() is None
    recorder.send_signal(signal.SIGINT)
    try:
        recorder.wait(END_TIME)
    except subprocess.TimeoutExpired:
        recorder.kill()
        recorder.wait()
    if whole and recorder.returncode == 0:
        say(f"recorded {bag}")
    else:
        say(f"warning: not all was recorded; what there is: rl_control bag recover {bag}")
