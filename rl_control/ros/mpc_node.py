"""The node mpc_controller: replans at every joint state and sends the first command."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from rl_control.config import setting
from rl_control.control.mpc import Mpc, MpcConfig
from rl_control.robot.model import RobotModel
from rl_control.robot.settings import RobotSettings
from rl_control.ros.controller_node import ControllerConfig, ControllerNode
from rl_control.ros.params import LiveParameters
from rl_control.ros.process import StopRequest
from rl_control.run.assemble import reach_mpc
from rl_control.tasks.reach import ReachConfig, ReachWeights

LIVE_PERIOD = 0.05  # [s]
# A budget in wall time would make each run differ; in lock-step only iterations bound a solve.
NO_BUDGET = 10.0  # [s]


@dataclass(frozen=True)
class MpcControllerConfig(ControllerConfig):
    """Settings of the MPC node."""

    mpc: MpcConfig = setting(default_factory=MpcConfig, doc="The planner")


class MpcController(ControllerNode):
    """Puts `Mpc` behind topics."""

    node_name = "mpc_controller"
    config_class = MpcControllerConfig
    live_groups = ("mpc",)

    def __init__(self, stop: StopRequest) -> None:
        """Declare the parameters."""
        super().__init__(stop)
        self._live = LiveParameters(self, self.config)

    def make_planner(self, robot: RobotModel, settings: RobotSettings) -> Mpc:
        """Compile the planner."""
        task = task_config(self.config.task, settings)
        self._mpc = reach_mpc(robot, self._planner_config(self.config.mpc), task)
        return self._mpc

    def start(self) -> None:
        """Open the topics and take live parameters between two solves."""
        super().start()
        self.every(LIVE_PERIOD, self._apply_live)

    def report_values(self) -> dict[str, Any]:
        """Return the planner's counters, the newest plan's figures and its cost by term."""
        return {**asdict(self._mpc.stats), "cost_by_term": self._mpc.cost_by_term()}

    def _apply_live(self) -> None:
        config = self._live.take()
        if config is not None:
            self._mpc.configure(self._planner_config(config.mpc))

    def _planner_config(self, config: MpcConfig) -> MpcConfig:
        return replace(config, time_budget=NO_BUDGET) if self.config.lock_step else config


def task_config(task: ReachConfig, settings: RobotSettings) -> ReachConfig:
    """Return the task with the robot's own weights wherever the parameters leave the default.

    Raises:
        UnknownNameError: if the robot's settings name a weight that does not exist.
    """
    default, given = ReachWeights(), task.weights
    own = default.replaced(settings.weights)
    weights = {
        name: getattr(own, name) if value == getattr(default, name) else value
        for name, value in vars(given).items()
    }
    return replace(task, weights=replace(given, **weights))
