"""A simulated arm under MPC in this process, in real time, as the source of a view."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from rl_control.errors import RlControlError
from rl_control.run.goal_told import goal_as_told
from rl_control.run.rig import Rig
from rl_control.tasks.goal import resolve_goal, stay_goal
from rl_control.types import ArmState, Array, Goal
from rl_control.view.snapshot import CAUTION, FINE, STOPPED, Snapshot, Target

_LATE = 0.1  # [s] behind real time after which what was missed is let go


@dataclass(frozen=True)
class _Tick:
    """What the newest step of the simulation left behind; replaced as a whole."""

    state: ArmState
    goal: Goal
    goals: int
    level: str
    summary: str
    solve_ms: float


class SimSource:
    """Steps a rig on a thread of its own; another finds joint vectors for targets.

    Args:
        rig: the arm, its planner and its safety filter; closed by `close`.
    """

    playback = None
    waiting = "the simulation begins"
    can_move = may_move = can_reset = True

    def __init__(self, rig: Rig) -> None:
        self._rig, self.robot = rig, rig.robot
        self.title = f"{rig.robot.name}, simulated"
        self._tick: _Tick | None = None
        self._failure: Exception | None = None
        self._goals, self._refusal = 0, ""
        self._halted = self._reset_asked = False
        self._news: tuple[Goal, Array] | None = None
        self._wanted: Target | None = None
        self._wake = threading.Condition()
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=work, daemon=True, name=name)
            for name, work in (("simulation", self._run), ("goals", self._search))
        ]
        for thread in self._threads:
            thread.start()

    def look(self) -> Snapshot | None:
        """Return what is seen now.

        Raises:
            Exception: what ended the simulation, if it has ended by itself.
        """
        if self._failure is not None:
            raise self._failure
        tick = self._tick
        if tick is None:
            return None
        plan, n = self._rig.mpc.current, self.robot.n
        stopped = tick.level == STOPPED
        return Snapshot(
            joints=tick.state.joints,
            goal=Target(tick.goal.position, tick.goal.rotation),
            goals=tick.goals,
            refusal=self._refusal,
            plan=None if plan is None or stopped else plan.states[:, :n],
            level=tick.level,
            summary=tick.summary,
            measures={"solve_ms": tick.solve_ms},
            readings={
                "solve time": f"{tick.solve_ms:.2f} ms",
                "states": f"{1.0 / self._rig.plant.period:.0f} a second",
                "simulated time": f"{tick.state.joints.stamp:.1f} s",
            },
        )

    def send(self, target: Target) -> None:
        """Look for a joint vector at `target`; the newest target counts."""
        with self._wake:
            self._wanted = target
            self._wake.notify()

    def stop(self) -> str:
        """Hold the arm by the safety filter."""
        self._halted = True
        return "Stopped: the arm brakes and is held where it comes to rest."

    def start(self) -> str:
        """Plan again, from where the arm is."""
        self._halted = False
        return ""

    def reset(self) -> str:
        """Put the arm back at its home."""
        self._reset_asked = True
        return ""

    def close(self) -> None:
        """End the threads and the simulation."""
        self._ended.set()
        with self._wake:
            self._wake.notify()
        for thread in self._threads:
            thread.join(timeout=5.0)
        self._rig.close()

    def _run(self) -> None:
        try:
            self._step()
        except Exception as error:  # whatever it was, the page must not go on as if nothing were
            self._failure = error

    def _step(self) -> None:
        rig, halted = self._rig, False
        state = self._begin()
        due = time.monotonic()
        while not self._ended.is_set():
            if self._reset_asked:
                self._reset_asked, halted = False, False
                state = self._begin()
            if self._halted and not halted:
                rig.safety.stop()
            elif halted and not self._halted:
                state = self._begin(state.joints.position)
            halted = self._halted
            command = rig.safety.apply(rig.controller.act(state), state.joints, state.joints.stamp)
            if self._news is not None:
                found, self._news = self._news, None
                self._aim(found)
                if rig.recorder is not None:
                    rig.recorder.aimed(found)
            state = rig.plant.step(command)
            self._note(state, command.reason)
            due = max(due + rig.plant.period, time.monotonic() - _LATE)
            time.sleep(max(0.0, due - time.monotonic()))

    def _begin(self, q: Array | None = None) -> ArmState:
        """Put the arm at joint positions `q` [n], at home if not given, to stay there."""
        rig = self._rig
        q = self.robot.home if q is None else q
        told = goal_as_told(stay_goal(rig.model.tip(q), q))
        if rig.recorder is not None:
            rig.recorder.next_episode(told, rig.mpc, rig.safety)
        state = rig.plant.reset(q)
        rig.controller.reset(state)
        rig.safety.reset()
        self._aim(told)
        return state

    def _aim(self, told: tuple[Goal, Array]) -> None:
        self._goal = told[0]
        self._goals, self._refusal = self._goals + 1, ""
        self._rig.mpc.set_goal(self._goal)

    def _search(self) -> None:
        while not self._ended.is_set():
            with self._wake:
                self._wake.wait_for(lambda: self._wanted is not None or self._ended.is_set())
                target, self._wanted = self._wanted, None
            tick = self._tick
            if target is None or tick is None:
                continue
            try:
                found = resolve_goal(
                    self._rig.ik,
                    target.position,
                    target.rotation,
                    tick.state.joints.position,
                    acceptable=lambda q: not self._rig.checker.collides(q),
                )
            except RlControlError as error:
                self._refusal = str(error)
            else:
                self._news = goal_as_told(found)

    def _note(self, state: ArmState, reason: str) -> None:
        level, summary = FINE, "controlling"
        if self._rig.safety.violation is not None:
            level, summary = STOPPED, f"motion stopped: {self._rig.safety.violation}"
        elif reason:
            level, summary = CAUTION, f"the safety filter acts: {reason}"
        solve = self._rig.mpc.last_solve_ms
        self._tick = _Tick(state, self._goal, self._goals, level, summary, solve)
