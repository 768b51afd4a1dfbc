"""Small bags of controlled runs, made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from rl_control.data.bags.cdr_rows import stamp_label
from rl_control.data.bags.diagnostics_bytes import diagnostics_bytes
from rl_control.data.bags.writer import BagWriter
from rl_control.data.runs.log import RunLog, read_log
from rl_control.run.recorded_messages import (
    KINDS,
    command_bytes,
    joints_bytes,
    pose_bytes,
    text_bytes,
)

NAMES = ("a", "b")
STEP = 10_000_000  # [ns] between two states
WALL = 10**15  # time of receipt of the first state in [ns]


class HandMade:
    """Writes the bag of a controller `mpc` over joints `NAMES`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bag = BagWriter(folder)

    def put(self, topic: str, kind: str, raw: bytes, at: int) -> None:
        self._bag.topic(topic, kind)
        self._bag.write(topic, raw, WALL + at)

    def states(self, stamps: Sequence[int], shift: int = 0) -> None:
        """Joint states at stamps [ns]: position = stamp in [s], received in order."""
        for k, stamp in enumerate(stamps):
            values = np.array([1e-9 * stamp, -1e-9 * stamp])
            raw = joints_bytes(stamp, NAMES, values, 10.0 * values, 100.0 * values)
            self.put("/joint_states", KINDS["/joint_states"], raw, STEP * k + shift)

    def command(self, stamp: int, values: Sequence[float]) -> None:
        raw = command_bytes(stamp_label(stamp), np.array(values))
        self.put("/effort_controller/commands", KINDS["/effort_controller/commands"], raw, stamp)

    def settings(self, text: str, at: int) -> None:
        self.put("/mpc/settings", KINDS["settings"], text_bytes(text), at)

    def goal(
        self, stamp: int, position: Sequence[float], at: int, posture: Sequence[float] = (9.0, 9.0)
    ) -> None:
        pose = pose_bytes(stamp, "base", np.array(position), np.zeros(4))
        self.put("/mpc/goal", KINDS["goal"], pose, at)
        joints = joints_bytes(stamp, NAMES, np.array(posture), frame=stamp_label(stamp))
        self.put("/mpc/goal_joints", KINDS["goal_joints"], joints, at)

    def decision(self, stamp: int, **values: object) -> None:
        texts = {"state": stamp_label(stamp), **{k: str(v) for k, v in values.items()}}
        self.told("/mpc/decisions", "mpc", stamp, texts)

    def told(self, topic: str, node: str, stamp: int, values: Mapping[str, str]) -> None:
        raw = diagnostics_bytes(stamp, node, "arm", 0, "", values)
        self.put(topic, KINDS["decisions"], raw, stamp)

    def log(self) -> RunLog:
        self._bag.close()
        return read_log(self._folder)
