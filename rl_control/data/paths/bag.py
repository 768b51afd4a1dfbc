"""The joint path that a bag's joint states went along, smoothed and thinned out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from rl_control.data.bags.cdr_rows import Stamps
from rl_control.data.bags.messages import messages_of, open_bag
from rl_control.data.paths.joint_path import JointPath
from rl_control.errors import DataError, JointMismatchError
from rl_control.types import Array, joint_index

JOINT_STATE = "sensor_msgs/msg/JointState"
STATE_TOPIC = "/joint_states"
SPACING = 0.02  # [s] between two points
WINDOW = 0.05  # [s] over which sensor noise is smoothed: much less than an arm's motion takes
LONGEST_GAP = 0.5  # [s] without a joint state across which nobody knows the way
_FINE = 0.005  # [s] between the samples that are smoothed
_NANO = 1e9
JUMP = 0.02
"""[rad] or [m] by which smoothing moves no sample of an arm that moves steadily."""


def read_bag_path(
    path: str | Path,
    names: Sequence[str],
    state_topic: str = STATE_TOPIC,
    start: float = 0.0,
    end: float = math.inf,
) -> JointPath:
    """Return the way of the joints `names` [n] in a bag, a point every 0.02 s from time 0 on.

    Joint states that lack a joint (others publish theirs on the same topic) are passed over.
    Positions are smoothed by a cubic fitted to 50 ms about every instant.

    Args:
        path: the bag: its folder, its one file, or a run's folder with the bag in it.
        names: joints wanted.
        state_topic: of sensor_msgs/JointState.
        start: where to begin in [s] after the first joint state.
        end: where to end in [s] after the first joint state.

    Raises:
        MissingDependencyError: if rosbags is not installed.
        JointMismatchError: if no joint state has all the joints.
        DataError: if there is no such bag or topic, the stamps go back, a joint jumps, or too
            long a time is without joint states.

    Source: Savitzky and Golay (1964), smoothing by simplified least squares.
    """
    path = Path(path)
    times, positions, _ = read_states(path, names, state_topic)
    kept = (times >= start) & (times <= end)
    times, positions = times[kept], positions[kept]
    _check_times(path, times)
    first = times[0] if len(times) else 0.0
    return smoothed(names, times - first, positions, str(path))


def smoothed(names: Sequence[str], times: Array, positions: Array, source: str) -> JointPath:
    """Return a path through samples at uneven `times` [K] in [s], a point every 0.02 s.

    Raises:
        DataError: if they are too few, their times do not increase, or a joint jumps.
        NonFiniteError: if a number is not finite.
    """
    from scipy.interpolate import interp1d
    from scipy.signal import savgol_filter

    raw = JointPath(tuple(names), times, positions, None, source)
    count = int(np.floor(raw.duration / _FINE)) + 1
    window = round(WINDOW / _FINE) + 1
    if count <= window:
        raise DataError(
            source,
            f"the motion takes {raw.duration:.3g} s",
            f"Record more than {WINDOW:g} s of it.",
        )
    fine = np.linspace(raw.times[0], raw.times[-1], count)
    even = interp1d(raw.times, raw.positions, axis=0)(fine)
    smooth = savgol_filter(even, window, 3, axis=0)
    off = np.abs(smooth - even)
    if off.max() > JUMP:
        k, i = np.argwhere(off > JUMP)[0]
        raise DataError(
            source,
            f"{names[i]} jumps {fine[k]:.3f} s after the first joint state",
            "Choose a part without the jump: --start and --end.",
        )
    step = round(SPACING / _FINE)
    kept = np.unique(np.append(np.arange(0, count, step), count - 1))
    if len(kept) > 2 and kept[-1] - kept[-2] < step // 2:
        kept = np.delete(kept, -2)
    return JointPath(raw.names, fine[kept], smooth[kept], None, source)


def read_states(path: Path, names: Sequence[str], topic: str) -> tuple[Array, Array, Stamps]:
    """Return the joint states in a bag that have all the joints `names` [n], each stamp once.

    Returns:
        Stamps [K] in [s] after the first, positions [K, n] in [rad] or [m], and times of receipt
        [K] in [ns].

    Raises:
        MissingDependencyError: if rosbags is not installed.
        JointMismatchError: if no joint state has all the joints.
        DataError: if there is no such bag or topic, or it is damaged.
    """
    rows: list[tuple[int, int, Array]] = []
    seen: list[str] = []
    with closing(open_bag(path)) as reader:
        for received, message in messages_of(reader, path, topic, JOINT_STATE):
            if set(names) <= set(message.name) and len(message.position) == len(message.name):
                index = joint_index(message.name, names)
                stamp = message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec
                rows.append((stamp, received, np.array(message.position)[index]))
            else:
                seen = list(message.name)
    if not rows:
        raise JointMismatchError([name for name in names if name not in seen], seen)
    stamps = np.array([row[0] for row in rows], dtype=np.int64)
    first = np.append(True, np.diff(stamps) != 0)  # a lock-step simulator repeats itself
    received_at = np.array([row[1] for row in rows], dtype=np.int64)[first]
    positions = np.array([row[2] for row in rows])[first]
    return (stamps[first] - stamps[0]) / _NANO, positions, received_at


def _check_times(path: Path, times: Array) -> None:
    steps = np.diff(times)
    if (steps < 0.0).any():
        k = int(np.argmax(steps < 0.0))
        raise DataError(
            path,
            f"the joint states' stamps go back by {-steps[k]:.3g} s, {times[k]:.3g} s after the "
            "first",
            "Cut the bag there: rl_control bag trim.",
        )
    if len(steps) and steps.max() > LONGEST_GAP:
        k = int(steps.argmax())
        raise DataError(
            path,
            f"no joint states for {steps[k]:.3g} s, {times[k]:.3g} s after the first",
            "Cut the bag there: rl_control bag trim.",
        )
