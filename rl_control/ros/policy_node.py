"""The node policy_controller: a trained policy acts, and an MPC takes over where it cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from rl_control.config import setting
from rl_control.errors import ConfigError
from rl_control.policy.handover import HandoverConfig
from rl_control.robot.model import RobotModel
from rl_control.robot.settings import RobotSettings
from rl_control.ros.mpc_node import MpcController, MpcControllerConfig
from rl_control.ros.policy_follower import PolicyFollower
from rl_control.ros.policy_source import PolicySource
from rl_control.ros.process import StopRequest
from rl_control.run.assemble_policy import policy_pilot
from rl_control.run.decision import Tick
from rl_control.run.policy_pilot import PolicyPilot
from rl_control.safety.reasons import Reason
from rl_control.types import Command, JointLimits, JointState

_TOLD = ("acting", "cause", "distance", "cost", "mpc_cost")  # of the pilot's figures
POLICY_PERIOD = 0.05  # [s] between two looks whether there is news of the policy


@dataclass(frozen=True)
class PolicyControllerConfig(MpcControllerConfig):
    """Settings of the policy node: those of the MPC, which shadows the policy, and its own."""

    policy: str = setting(
        "",
        doc="Policy that acts: a file, or a folder of versions, of which the newest is taken",
    )
    follow_policy: bool = setting(
        False, doc="Take newer versions from that folder while running; the first must be there"
    )
    shadow: str = setting(
        "mpc",
        doc="What takes over where the policy cannot be trusted; none lets it act everywhere",
        choices=("mpc", "none"),
    )
    handover: HandoverConfig = setting(
        default_factory=HandoverConfig, doc="When the MPC takes over and gives back"
    )


class PolicyController(MpcController):
    """Puts a `PolicyPilot` behind topics."""

    node_name = "policy_controller"
    config_class = PolicyControllerConfig
    live_groups: ClassVar[tuple[str, ...]] = (*MpcController.live_groups, "handover")

    def __init__(self, stop: StopRequest) -> None:
        """Declare the parameters."""
        super().__init__(stop)
        _check_policy(self.config)
        self._policies: PolicyFollower | None = None

    def make_planner(self, robot: RobotModel, settings: RobotSettings) -> PolicyPilot:
        """Load the policy, compile it and the MPC that shadows it.

        Raises:
            ConfigError: if the MPC's device is not there, or its settings do not fit the model.
            DataError: if there is no such policy or model, or its file is damaged.
            ModelError: if the learned model is of another arm or step, or cannot be planned on.
            PolicyError: if the policy is of another arm, task or period.
        """
        config, period = self.config, 1.0 / self.config.rate
        source = PolicySource(Path(config.policy).expanduser(), config.follow_policy)
        first = source.first(robot, period)
        super().make_planner(robot, settings)
        shadow = config.shadow == "mpc"
        self._pilot = policy_pilot(
            robot, first.policy, self._mpc, config.handover, period, shadow, config.lock_step
        )
        self._policies = PolicyFollower(robot, period, source, first, self._pilot.exchange)
        return self._pilot

    def start(self) -> None:
        """Open the topics; take newer policies between two states."""
        super().start()
        self.every(POLICY_PERIOD, self._follow_policy)

    def retune_planner(self, config: Any, limits: JointLimits) -> Callable[[], None]:
        """Prepare the MPC and the pilot for other settings."""
        mpc = super().retune_planner(config, limits)

        def put_in_force() -> None:
            mpc()
            self._pilot.configure(config.handover, limits)

        return put_in_force

    def release(self) -> None:
        """End the processes that help."""
        super().release()
        if self._policies is not None:
            self._policies.close()
            self._policies = None

    def sent(self, state: JointState, command: Command) -> None:
        """Let the MPC plan behind, now that the command is on its way; tell of handovers."""
        super().sent(state, command)
        try:
            if self._pilot.plans_now:
                self._loop.plan_behind()
        except Exception as error:  # whatever it was: nobody watches the policy any more
            self._log.say("planner", f"the planner failed: {error!r}")
            self._safety.stop(Reason.PLANNER_FAILED)
        for note in self._pilot.notes():
            self.get_logger().warning(note)

    def report_values(self) -> dict[str, Any]:
        """Return what the MPC reports, and how the policy does."""
        assert self._policies is not None
        policy = {**self._pilot.values(), **self._policies.values()}
        return {**super().report_values(), "policy": policy}

    def decision_values(self, tick: Tick) -> dict[str, str]:
        """Return why the command of `tick` is what it is, and who acted, by key."""
        acting = {key: str(value) for key, value in self._pilot.values().items()}
        return super().decision_values(tick) | {f"policy.{key}": acting[key] for key in _TOLD}

    def _follow_policy(self) -> None:
        assert self._policies is not None
        self._policies.turn(self.get_logger().info, self.get_logger().warning)


def _check_policy(config: PolicyControllerConfig) -> None:
    """Refuse settings of a policy that say nothing together.

    Raises:
        ConfigError: if so.
    """
    if not config.policy:
        raise ConfigError(
            "parameters", "policy", "found none", "Name a policy's file, or a folder of versions."
        )
    if config.command_interface != "effort":
        raise ConfigError(
            "parameters",
            "command_interface",
            f"found {config.command_interface}, but a policy gives efforts",
            "Use effort.",
        )
