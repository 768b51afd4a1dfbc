"""The node mpc_controller: replans at every joint state and sends the first command."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from std_srvs.srv import Trigger

from rl_control.config import setting
from rl_control.control.mpc_settings import NO_BUDGET, MpcConfig
from rl_control.control.planner_settings import PlannerConfig, chosen
from rl_control.errors import ConfigError, ModelError
from rl_control.robot.model import RobotModel
from rl_control.robot.settings import RobotSettings
from rl_control.ros.control_loop import Planner
from rl_control.ros.controller_node import ControllerConfig, ControllerNode
from rl_control.ros.learned_config import LearnedConfig
from rl_control.ros.model_follower import ModelFollower, ModelSource
from rl_control.ros.motion_data import control_period
from rl_control.ros.params import LiveParameters
from rl_control.ros.process import StopRequest
from rl_control.run.assemble_learned import LearnedMpc, reach_planner
from rl_control.tasks.reach import ReachConfig, ReachWeights
from rl_control.types import Array, Command, JointState

LIVE_PERIOD = 0.05  # [s]
MODEL_PERIOD = 0.05  # [s] between two looks whether there is news of the learned model


@dataclass(frozen=True)
class MpcControllerConfig(PlannerConfig, ControllerConfig):
    """Settings of the MPC node."""

    model: str = setting(
        "",
        doc="Learned model to plan on: a file, or a folder of versions, of which the newest is "
        "taken; empty for the arm as described",
    )
    follow_model: bool = setting(
        False, doc="Take newer versions from that folder while running; it may be empty as yet"
    )
    learned: LearnedConfig = setting(default_factory=LearnedConfig, doc="Planning on such a model")


class MpcController(ControllerNode):
    """Puts a `RecedingHorizon` behind topics."""

    node_name = "mpc_controller"
    config_class = MpcControllerConfig
    live_groups = ("mpc", "sampling")

    def __init__(self, stop: StopRequest) -> None:
        """Declare the parameters."""
        super().__init__(stop)
        _check_model(self.config)
        self._live = LiveParameters(self, self.config)
        self._models: ModelFollower | None = None

    def make_planner(self, robot: RobotModel, settings: RobotSettings) -> Planner:
        """Compile the planner; load the learned model if one is to be planned on.

        Raises:
            ConfigError: if the planner's device is not there, or its settings do not fit the model.
            DataError: if there is no such model, or its file is damaged.
            ModelError: if it is of another arm or step, or cannot be planned on.
        """
        config, learned = self._planner_config(self.config), self.config.learned
        task = task_config(self.config.task, settings)
        if not self.config.model:
            self._mpc = reach_planner(robot, config, task)
            return self._mpc
        source = ModelSource(Path(self.config.model).expanduser(), self.config.follow_model)
        first, file = source.first(robot, config.dt, learned)
        planner = LearnedMpc(robot, first.model, config, task, learned.doubt)
        period = control_period(self.config.rate, config.dt)
        self._models = ModelFollower(robot, planner, first, file, source, learned, period)
        self._mpc = planner.mpc
        return self._mpc

    def start(self) -> None:
        """Open the topics; take live parameters and newer models between two solves."""
        super().start()
        self.every(LIVE_PERIOD, self._apply_live)
        if self._models is not None:
            self._models.forget_motion()
            self.every(MODEL_PERIOD, self._follow_model)
            self.serve(Trigger, "~/previous_model", self._on_previous_model)

    def release(self) -> None:
        """End the processes that help."""
        super().release()
        if self._models is not None:
            self._models.close()
            self._models = None

    def gravity_torque(self, q: Array) -> Array:
        """Return the efforts, [n], that hold the arm still at q [n], as the learned model says."""
        found = None if self._models is None else self._models.gravity_torque(q)
        return super().gravity_torque(q) if found is None else found

    def mass_matrix(self, q: Array) -> Array:
        """Return the joint-space inertia, [n, n], as the learned model says."""
        found = None if self._models is None else self._models.mass_matrix(q)
        return super().mass_matrix(q) if found is None else found

    def sent(self, state: JointState, command: Command) -> None:
        """Remember what the learned model should have foretold."""
        if self._models is not None:
            self._models.note(state, command.effort)

    def report_values(self) -> dict[str, Any]:
        """Return the planner's counters, its newest plan, and how the learned model does."""
        values = {**asdict(self._mpc.stats), "cost_by_term": self._mpc.cost_by_term()}
        if self._models is not None:
            values["model"] = self._models.values()
        return values

    def _follow_model(self) -> None:
        assert self._models is not None
        self._models.turn(self.get_logger().info, self.get_logger().warning)

    def _on_previous_model(
        self, request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        assert self._models is not None
        try:
            response.message = self._models.go_back("on request")
            response.success = True
            self.get_logger().info(response.message)
        except ModelError as error:
            response.success, response.message = False, str(error)
        return response

    def _apply_live(self) -> None:
        config = self._live.take()
        if config is not None:
            self._mpc.configure(self._planner_config(config))

    def _planner_config(self, config: PlannerConfig) -> MpcConfig:
        own = chosen(config)
        return replace(own, time_budget=NO_BUDGET) if self.config.lock_step else own


def _check_model(config: MpcControllerConfig) -> None:
    """Refuse settings of a learned model that say nothing together.

    Raises:
        ConfigError: if so.
    """
    problem = ""
    if not config.model and config.follow_model:
        problem = "found true, but no model is named"
    elif config.model and config.command_interface != "effort":
        problem = f"found commands of {config.command_interface}: a model foretells efforts"
    if problem:
        raise ConfigError(
            "parameters",
            "follow_model" if config.follow_model else "model",
            problem,
            "Name a model file or folder in 'model', and use the command_interface effort.",
        )


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
