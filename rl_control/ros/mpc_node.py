"""The node mpc_controller: replans at every joint state and sends the first command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from rl_control.config import setting
from rl_control.control.follow_task import FollowTask
from rl_control.control.mpc_settings import NO_BUDGET, MpcConfig
from rl_control.control.planner_settings import PlannerConfig, chosen
from rl_control.errors import ConfigError, ModelError, RlControlError
from rl_control.robot.model import RobotModel
from rl_control.robot.settings import RobotSettings
from rl_control.ros import qos
from rl_control.ros.control_loop import Planner
from rl_control.ros.controller_node import ControllerConfig, ControllerNode
from rl_control.ros.follow_action import NAME as FOLLOW_NAME
from rl_control.ros.follow_action import FollowServer, follow_action
from rl_control.ros.learned_config import LearnedConfig
from rl_control.ros.model_follower import ModelFollower, ModelSource
from rl_control.ros.motion_data import control_period
from rl_control.ros.process import StopRequest
from rl_control.ros.trajectory_goals import path_of_message, start_of, stopping_place
from rl_control.run.assemble import reweighed
from rl_control.run.assemble_learned import LearnedMpc, reach_planner
from rl_control.run.decision import Tick, decision_values
from rl_control.types import Array, Command, Goal, JointLimits, JointState

FOLLOW_PERIOD = 0.02  # [s] between two looks at a path that is followed on somebody's behalf
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
    live_groups: ClassVar[tuple[str, ...]] = (
        *(*ControllerNode.live_groups, "mpc", "sampling", "learned"),
    )

    def __init__(self, stop: StopRequest) -> None:
        """Declare the parameters."""
        super().__init__(stop)
        _check_model(self.config)
        self._models: ModelFollower | None = None
        self._follow: FollowServer | None = None
        if follow_action() is None:
            self.get_logger().info(f"{FOLLOW_NAME} is not offered: control_msgs is not installed")

    def make_planner(self, robot: RobotModel, settings: RobotSettings) -> Planner:
        """Compile the planner; load the learned model if one is to be planned on.

        Raises:
            ConfigError: if the planner's device is not there, or its settings do not fit the model.
            DataError: if there is no such model, or its file is damaged.
            ModelError: if it is of another arm or step, or cannot be planned on.
        """
        config, learned = self._planner_config(self.config), self.config.learned
        task = self.config.task
        self._learned: LearnedMpc | None = None
        if not self.config.model:
            self._mpc = reach_planner(robot, config, task)
            return self._mpc
        source = ModelSource(Path(self.config.model).expanduser(), self.config.follow_model)
        first, file = source.first(robot, config.dt, learned)
        planner = LearnedMpc(robot, first.model, config, task, learned.doubt)
        period = control_period(self.config.rate, config.dt)
        self._models = ModelFollower(robot, planner, first, file, source, learned, period)
        self._learned, self._mpc = planner, planner.mpc
        return self._mpc

    def start(self) -> None:
        """Open the topics; take newer models between two solves."""
        super().start()
        self.subscribe(JointTrajectory, "~/target_trajectory", self._on_trajectory, qos.events())
        self._offer_action()
        self.every(FOLLOW_PERIOD, self._turn_action)
        if self._models is not None:
            self._models.forget_motion()
            self.every(MODEL_PERIOD, self._follow_model)
            self.serve(Trigger, "~/previous_model", self._on_previous_model)

    def retune_planner(self, config: Any, limits: JointLimits) -> Callable[[], None]:
        """Prepare the planner for other weights, limits and budgets, from its next plan on."""
        planner, task = self._planner_config(config), config.task
        if self._learned is not None:
            return self._learned.reweighed(task, limits, planner, config.learned.doubt)
        return reweighed(self._mpc, task, limits, planner)

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

    def decision_values(self, tick: Tick) -> dict[str, str]:
        """Return why the command of `tick` is what it is, by key."""
        return decision_values(tick, self._mpc)

    def halt(self) -> None:
        """End what is followed on somebody's behalf; brake and close the topics."""
        if self._follow is not None:
            self._follow.close("the controller was deactivated")
        super().halt()

    def _on_trajectory(self, message: JointTrajectory) -> None:
        try:
            self._look_for(message)
        except RlControlError as error:
            self._refuse_goal(error)

    def _look_for(self, message: JointTrajectory, task: FollowTask | None = None) -> None:
        """Have a path checked; it is aimed at when it was found free.

        Raises:
            RlControlError: if the message is no path of this arm.
        """
        path, start = path_of_message(message, self._loop.state), start_of(message)
        limits, search = self._robot.limits, self._search

        def find() -> Goal:
            goal = search.path(path, limits).starting(start)
            return goal if task is None else task.found(goal)

        self._desk.look_for(find)

    def _set_goal(self, goal: Goal) -> None:
        if self._follow is not None and self._follow.withdrawn(goal):
            return
        super()._set_goal(goal)
        if self._follow is not None and self._follow.task is not None:
            self._follow.task.aimed(goal)

    def _refuse_goal(self, error: RlControlError) -> None:
        super()._refuse_goal(error)
        if self._follow is not None and self._follow.task is not None:
            self._follow.task.refused(error)

    def _offer_action(self) -> None:
        """Offer the action for as long as the node lives, where its messages are installed."""
        action = follow_action()
        if self._follow is not None or action is None:
            return
        self._follow = FollowServer(
            self,
            action,
            self._robot.names,
            ready=lambda: self.active and self._loop.state is not None,
            begin=self._look_for,
            stop=self._stop_here,
        )

    def _turn_action(self) -> None:
        if self._follow is not None:
            self._follow.turn(self._loop.state)

    def _stop_here(self) -> None:
        """Bring the arm to rest where it is."""
        state, limits = self._loop.state, self._robot.limits
        if state is not None:
            place = stopping_place(state, limits.lower, limits.upper)
            super()._set_goal(self._desk.here(place))

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
