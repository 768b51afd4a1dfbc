"""What the demo's client wrote down, judged and summed up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.report.metrics import TargetResult, judge, percentile
from rl_control.report.plots import RunRecord, TargetMark
from rl_control.robot.model import RobotModel
from rl_control.run.environment import machine, versions
from rl_control.types import Trajectory


@dataclass(frozen=True)
class Ends:
    """A node's diagnostics at the begin and the end of a run.

    Attributes:
        seconds: time between the two.
        first: {key: number} of the first.
        last: of the last; both empty if there is none.
    """

    seconds: float
    first: dict[str, float]
    last: dict[str, float]

    def rate(self, key: str) -> float | None:
        """Return how fast the counter `key` grew in [1/s]; None if that is not known."""
        gained = self.gained(key)
        return None if gained is None or self.seconds <= 0.0 else gained / self.seconds

    def gained(self, key: str) -> float | None:
        """Return how much the counter `key` grew; None if it is not reported."""
        if key not in self.first or key not in self.last:
            return None
        return self.last[key] - self.first[key]


@dataclass(frozen=True)
class Recorded:
    """What the client wrote down.

    Attributes:
        run: trajectory, targets and solve times on one clock that starts at the first target.
        results: one a target.
        simulator: the first and the last diagnostics of arm_sim in the run.
        controller: the same of the controller.
    """

    run: RunRecord
    results: list[TargetResult]
    simulator: Ends
    controller: Ends


def read_record(path: Path, robot: RobotModel) -> Recorded:
    """Return what the client wrote to `path`, judged."""
    with np.load(path) as archive:
        data = {name: archive[name] for name in archive.files}
    sent: list[dict[str, Any]] = json.loads(str(data["targets"]))
    reports = json.loads(str(data["reports"]))
    (controller,) = (name for name in reports if name != "arm_sim")
    zero = sent[0]["sent"]
    times = data["stamps"] - zero
    whole = Trajectory(robot.names, times, data["states"], data["efforts"][1:], data["tips"])
    marks = tuple(
        TargetMark(
            start=one["sent"] - zero,
            position=np.array(one["target"]),
            settled=None
            if one["settle_time_s"] is None
            else one["sent"] - zero + one["settle_time_s"],
        )
        for one in sent
    )
    reported = {
        name: [(at - zero, _numbers(values)) for at, values in reports[name] if at >= zero]
        for name in reports
    }
    solves = [(at, values["solve_ms"]) for at, values in reported[controller]]
    record = RunRecord(
        title=f"{robot.name}: {len(marks)} targets by MPC over ROS 2",
        trajectory=whole,
        limits=robot.limits,
        targets=marks,
        solve_times=np.array([at for at, _ in solves]),
        solve_ms=np.array([ms for _, ms in solves]),
    )
    results = _judge(record, sent)
    return Recorded(record, results, _ends(reported["arm_sim"]), _ends(reported[controller]))


def _ends(reported: Sequence[tuple[float, dict[str, float]]]) -> Ends:
    if not reported:
        return Ends(0.0, {}, {})
    (begun, first), (ended, last) = reported[0], reported[-1]
    return Ends(ended - begun, first, last)


def _judge(record: RunRecord, sent: Sequence[dict[str, Any]]) -> list[TargetResult]:
    whole, results = record.trajectory, []
    starts = [mark.start for mark in record.targets]
    ends = [*starts[1:], float(whole.times[-1])]
    for mark, one, end in zip(record.targets, sent, ends, strict=True):
        a, b = np.searchsorted(whole.times, [mark.start, end])
        part = slice(int(a), max(int(b), int(a) + 1))
        tips = None if whole.tips is None else whole.tips[part]
        piece = Trajectory(
            whole.names, whole.times[part], whole.states[part], whole.controls[part], tips
        )
        results.append(judge(piece, mark.position, record.limits, one["settle_time_s"]))
    return results


def summarize(recorded: Recorded, robot: RobotModel, seed: int) -> dict[str, Any]:
    """Return everything the table and the JSON file show."""
    results, simulator, controller = recorded.results, recorded.simulator, recorded.controller
    solve_ms = recorded.run.solve_ms
    return {
        "robot": robot.name,
        "seed": seed,
        "targets": results,
        "success_rate": sum(result.reached for result in results) / len(results),
        "replan_hz": controller.rate("solves"),
        "solve_ms": {share: percentile(solve_ms, int(share[1:])) for share in ("p50", "p99")},
        "state_to_command_ms": {
            share: simulator.last.get(f"state_to_command_ms.{share}")
            for share in ("p50", "p99", "max")
        },
        "states": simulator.gained("states"),
        "missed_commands": simulator.gained("missed"),
        "peak_torque_ratio": max(result.peak_torque_ratio for result in results),
        "peak_velocity_ratio": max(result.peak_velocity_ratio for result in results),
        "versions": versions(),
        "machine": machine(),
    }


def _numbers(values: dict[str, str]) -> dict[str, float]:
    """Return those of a report's values that are numbers."""
    found = {}
    for key, text in values.items():
        try:
            found[key] = float(text)
        except ValueError:
            continue
    return found
