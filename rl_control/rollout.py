"""One controller on one plant under the safety filter: the loop that every run shares."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from rl_control.interfaces import Controller, Plant
from rl_control.safety.filter import SafetyFilter
from rl_control.types import ArmState, Array, Command, Trajectory


def rollout(
    controller: Controller,
    plant: Plant,
    safety: SafetyFilter,
    duration: float,
    on_step: Callable[[ArmState, Command], None] | None = None,
    stop: Callable[[ArmState], bool] | None = None,
    clock: Callable[[], float] | None = None,
) -> Trajectory:
    """Run `controller` on `plant` from the plant's present state.

    Args:
        controller: decides; it is reset first.
        plant: is acted on; it is not reset, so that the caller chooses the start.
        safety: has the last word on every command; it is reset first.
        duration: longest time to run in [s] of the plant's time; rounded to whole periods.
        on_step: called after each step with the new state and the command that led to it.
        stop: ends the run early when it says yes to a new state.
        clock: the present time in [s] on the clock of the plant's stamps, for a plant whose
            steps do not take exactly a period; it must go on when the stamps stand still.

    Returns:
        Times count from the start of the run. The controls are what the safety filter let
        through. `extra` holds the stamps of the states "stamp" [T+1], the efforts the plant
        reports "effort" [T+1, n], the filter's reasons "reason" [T] ("" in normal running),
        the time the controller took "act_ms" [T] and, of a controller with an attribute
        `last_solve_ms`, "solve_ms" [T].

    Raises:
        PlantError: if the plant is lost.
        JointMismatchError: if plant and safety filter are about different joints.
    """
    names = safety.limits.names
    state = plant.observe()
    start = state.joints.stamp
    controller.reset(state)
    safety.reset()
    log = _Log(names)
    log.state(state)
    for step in range(max(1, round(duration / plant.period))):
        # The loop keeps its own time: a plant whose stamps stand still must not look alive.
        now = start + step * plant.period if clock is None else clock()
        began = time.perf_counter()
        wanted = controller.act(state)
        act_ms = 1e3 * (time.perf_counter() - began)
        command = safety.apply(wanted, state.joints, now)
        state = plant.step(command)
        log.command(command, act_ms, getattr(controller, "last_solve_ms", None))
        log.state(state)
        if on_step is not None:
            on_step(state, command)
        if stop is not None and stop(state):
            break
    return log.trajectory(plant.period)


class _Log:
    """Gathers what happened, and makes arrays of it in the end."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._states: list[Array] = []
        self._tips: list[Array] = []
        self._controls: list[Array] = []
        self._after: dict[str, list[Any]] = {"stamp": [], "effort": []}
        self._during: dict[str, list[Any]] = {"reason": [], "act_ms": [], "solve_ms": []}

    def state(self, state: ArmState) -> None:
        joints = state.joints.ordered(self._names)
        self._states.append(joints.vector)
        self._after["stamp"].append(joints.stamp)
        self._after["effort"].append(joints.effort)
        if state.tip is not None:
            self._tips.append(state.tip.position)

    def command(self, command: Command, act_ms: float, solve_ms: float | None) -> None:
        self._controls.append(command.effort)
        self._during["reason"].append(command.reason)
        self._during["act_ms"].append(act_ms)
        if solve_ms is not None:
            self._during["solve_ms"].append(solve_ms)

    def trajectory(self, period: float) -> Trajectory:
        steps = len(self._controls)
        extra = {key: np.array(values) for key, values in self._after.items()}
        for key, values in self._during.items():
            if len(values) == steps:
                extra[key] = np.array(values)
        return Trajectory(
            names=self._names,
            times=np.arange(steps + 1, dtype=np.float64) * period,
            states=np.array(self._states),
            controls=np.array(self._controls),
            tips=np.array(self._tips) if len(self._tips) == steps + 1 else None,
            extra=extra,
        )
