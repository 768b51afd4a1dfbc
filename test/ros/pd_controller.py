"""A controller node for tests that needs no compiled solver: gravity torque and a soft spring."""

import sys
import time
from dataclasses import dataclass

import numpy as np

from rl_control.robot.arm_model import ArmModel
from rl_control.ros.controller_node import ControllerNode
from rl_control.ros.process import main
from rl_control.types import Command


@dataclass(frozen=True)
class _Plan:
    stamp: float
    dt: float
    states: np.ndarray


class PdPlanner:
    """u = M (k (q* - q) - d v) + g, behind the planner's protocol."""

    def __init__(self, robot, slow=0.0):
        self.model, self.slow, self.goal = ArmModel(robot), slow, None

    def set_goal(self, goal):
        self.goal = goal.posture

    def plan(self, state, now):
        if self.slow < 0.0:  # a planner that breaks after so many plans
            self.slow += 1.0
            if self.slow == 0.0:
                raise ZeroDivisionError("in the planner")
        time.sleep(max(0.0, self.slow))
        return _Plan(now, 0.01, np.tile(state.vector, (5, 1)))

    def command(self, state, now):
        wish = 30.0 * (self.goal - state.position) - 10.0 * state.velocity
        u = self.model.mass_matrix(state.position) @ wish
        return Command(state.names, u + self.model.gravity_torque(state.position), now)

    def reset(self):
        pass


class PdController(ControllerNode):
    node_name = "mpc_controller"

    def make_planner(self, robot, settings):
        return PdPlanner(robot, float(sys.argv[1]) if sys.argv[1:2] != ["--ros-args"] else 0.0)


if __name__ == "__main__":
    main(PdController)
