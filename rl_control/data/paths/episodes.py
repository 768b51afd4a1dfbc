"""Episodes in a bag: an arm that is set back to its start in between jumps there."""

from __future__ import annotations

from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np

from rl_control.data.bags.messages import messages_of, open_bag
from rl_control.data.paths.bag import JUMP, STATE_TOPIC, read_states
from rl_control.data.runs.settings import read_settings

_STRING, _SETTINGS = "std_msgs/msg/String", "/settings"


def bag_episodes(
    path: str | Path, names: tuple[str, ...], state_topic: str = STATE_TOPIC
) -> list[tuple[float, float]]:
    """Return where the episodes of a bag begin and end, [s] after the first joint state.

    A new one begins where a controller has begun anew and the arm is elsewhere at once. A bag
    without such places is one episode.

    Args:
        path: the bag: its folder, its one file, or a run's folder with the bag in it.
        names: joints wanted.
        state_topic: of sensor_msgs/JointState.

    Raises:
        MissingDependencyError: if rosbags is not installed.
        JointMismatchError: if no joint state has all the joints.
        DataError: if there is no such bag or topic, or it is damaged.
    """
    path = Path(path)
    times, positions, received = read_states(path, names, state_topic)
    jumps = np.abs(np.diff(positions, axis=0)).max(axis=1, initial=0.0) > JUMP
    starts = {int(k) for k in np.searchsorted(received, _starts(path)) if 0 < k < len(times)}
    edges = [0, *sorted(k for k in starts if jumps[k - 1]), len(times)]
    return [(float(times[first]), float(times[last - 1])) for first, last in pairwise(edges)]


def _starts(path: Path) -> list[int]:
    """Times of receipt in [ns] at which controllers began."""
    found: list[int] = []
    with closing(open_bag(path)) as reader:
        for topic in {c.topic for c in reader.connections if c.msgtype == _STRING and c.msgcount}:
            if topic.endswith(_SETTINGS):
                for received, message in messages_of(reader, path, topic, _STRING):
                    if read_settings(message.data, received).start:
                        found.append(received)
    return found
