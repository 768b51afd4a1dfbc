"""A task in numbers: its cost around motions, and what a policy sees and does along them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rl_control.control.batch_cost import ArmCost
from rl_control.gps.expansion import QuadraticCost, expand_cost
from rl_control.gps.motions import in_steps
from rl_control.gps.outputs import Outputs
from rl_control.policy.observation import ObservationLayout, goal_rows
from rl_control.policy.policy import NeuralPolicy
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.rigid_body import RigidBody
from rl_control.tasks.base import ArmTask
from rl_control.types import Array, Condition, Goal, Trajectory


class TaskModel:
    """Compiled functions of one task.

    Attributes:
        task: the task.
    """

    def __init__(self, task: ArmTask) -> None:
        self.task = task
        self._body = RigidBody(task.robot)
        self._outputs: dict[tuple[str, float], Outputs] = {}
        self._cost = ArmCost(self._body, task.cost, task.dt)
        self._kinematics = Kinematics(task.robot)

    def expand(
        self,
        condition: Condition,
        states: Array,
        controls: Array,
        outputs: Outputs | None = None,
        price: Array | None = None,
    ) -> tuple[QuadraticCost, Array]:
        """Return the mean expansion of the cost, and what each motion cost, [N].

        Args:
            condition: what the motions were about.
            states: [N, T+1, nx].
            controls: [N, T, nu].
            outputs: what makes efforts of the controls; None if they are efforts.
            price: weights of the controls' own squares, [nu]; None for none.
        """
        rows = self.task.rows(condition)
        quadratic, costs = expand_cost(self._cost, rows, states, controls, outputs, price)
        return quadratic, np.asarray(costs.sum(axis=1))

    def outputs(self, base: str, step: float) -> Outputs:
        """Return what the outputs of a policy stand for that is of this base."""
        key = (base, step)
        if key not in self._outputs:
            self._outputs[key] = Outputs(self._body, base, step)
        return self._outputs[key]

    def cost(self, condition: Condition, trajectory: Trajectory) -> float:
        """Return what a rollout cost.

        Raises:
            DataError, JointMismatchError, NonFiniteError: see `in_steps`.
        """
        task = self.task
        states, controls = in_steps(trajectory, task.robot.names, task.dt, task.steps)
        return float(self.expand(condition, states[None], controls[None])[1][0])

    def outcome(
        self, conditions: Sequence[Condition], rollouts: Sequence[Trajectory]
    ) -> dict[str, float]:
        """Return what the task says of rollouts: their median error, and the share of successes."""
        pairs = list(zip(conditions, rollouts, strict=True))
        return {
            "error": float(np.median([self.task.error(*pair) for pair in pairs])),
            "success": float(np.mean([self.task.succeeded(*pair) for pair in pairs])),
        }

    def postures(self, condition: Condition) -> Array:
        """Return where the cost would have the joints at each step, [T, n].

        What the goal says, where the cost does not say it.
        """
        task = self.task
        place = task.cost.layout.get("posture.target")
        if place is not None:
            return np.asarray(task.rows(condition)[:-1, place])
        return np.array([task.goal(condition, t * task.dt).posture for t in range(task.steps)])

    def layout(self, parts: Sequence[str] = ()) -> ObservationLayout:
        """Return what a policy sees: these parts, or what the task has it see."""
        return ObservationLayout(self.task.robot.names, tuple(parts) or self.task.observation)

    def observe(self, layout: ObservationLayout, condition: Condition, states: Array) -> Array:
        """Return what a policy sees along motions, [N, T, no], of states [N, T, nx]."""
        task, n = self.task, self.task.robot.n
        count, steps = states.shape[:2]
        goals = goal_rows([task.goal(condition, t * task.dt) for t in range(steps)])
        flat = np.ascontiguousarray(states.reshape(-1, 2 * n))
        rows = np.tile(goals, (count, 1))
        seen = layout.of(flat[:, :n], flat[:, n:], rows, self._kinematics.tips)
        return np.asarray(seen.reshape(count, steps, layout.size))

    def look(self, layout: ObservationLayout, goals: Sequence[Goal], states: Array) -> Array:
        """Return what a policy sees, [M, no], in states [M, nx] with goals [M]."""
        flat, n = np.ascontiguousarray(states), self.task.robot.n
        return layout.of(flat[:, :n], flat[:, n:], goal_rows(goals), self._kinematics.tips)

    def effort_cost(self, condition: Condition) -> Array:
        """Return the Hessian of a step's cost in the efforts, [n, n], where a condition starts."""
        x, u = np.concatenate([condition.q, condition.v]), np.zeros((1, self.task.robot.n))
        return self._cost.quadratize(x[None], u, self.task.rows(condition)[:1]).luu[0]

    def actions(self, policy: NeuralPolicy, condition: Condition, states: Array) -> Array:
        """Return a policy's mean outputs along motions, [N, T, nu], of states [N, T, nx]."""
        seen = self.observe(policy.facts.layout, condition, states)
        memory = policy.start(len(states))
        acted = np.empty((*states.shape[:2], self.task.robot.n))
        for t in range(states.shape[1]):
            acted[:, t], memory = policy.step(seen[:, t], memory)
        return acted
