"""The lifecycle every node here shares: configure off-thread, activate, stop safely."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from rcl_interfaces.msg import SetParametersResult
from rclpy._rclpy_pybind11 import RCLError
from rclpy.duration import Duration
from rclpy.event_handler import PublisherEventCallbacks
from rclpy.exceptions import InvalidTopicNameException
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from rclpy.validate_topic_name import validate_topic_name

from rl_control.config import flatten
from rl_control.errors import ConfigError, PlantError, RlControlError
from rl_control.ros.live_parameters import change_of
from rl_control.ros.params import check_files, declare, live_keys
from rl_control.ros.periodic import Periodic
from rl_control.ros.priority import come_first
from rl_control.ros.process import LONGEST_WAIT, Stopped, StopRequest

DELIVERY_TIME = Duration(nanoseconds=200_000_000)


class ManagedNode(LifecycleNode):
    """A lifecycle node whose parameters come from a config dataclass.

    A subclass gives `node_name`, `config_class` (with a setting `autostart`) and `live_groups`
    (settings, or groups of them, that it passes on while running), and overrides `build`, `start`,
    `halt`, `release`, `retune` where some are live and, where it keeps time itself, `poll`.

    Attributes:
        config: the settings in force, replaced as a whole.
        active: whether the node is in the lifecycle's active state.
    """

    node_name: ClassVar[str]
    config_class: ClassVar[type]
    live_groups: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def check(cls, arguments: Sequence[str]) -> None:
        """Check the parameter files among the process's arguments, before rclpy reads them.

        Raises:
            ConfigError: naming file and line, if a file cannot be used.
        """
        check_files(arguments, cls.config_class, cls.node_name)

    def __init__(self, stop: StopRequest) -> None:
        """Declare the parameters.

        Raises:
            ConfigError: if a parameter is unknown or not allowed.
        """
        super().__init__(self.node_name, automatically_declare_parameters_from_overrides=True)
        self._live = live_keys(self.config_class, self.live_groups)
        self.config: Any = declare(self, self.config_class, self._live, self.defaults)
        _check_topics(self.config)
        self.active = False
        self._stop = stop
        self._schedule: list[Periodic] = []
        self._entities: list[tuple[Callable[[Any], Any], Any]] = []
        self._failure: Exception | None = None
        self._refuse_wrong_transitions()

    def build(self) -> None:
        """Load and compile what is slow; runs on a thread of its own, without touching ROS."""

    def start(self) -> None:
        """Begin to act: create the publishers and subscriptions."""

    def halt(self) -> None:
        """Stop acting: leave the arm safe and take down what `start` made."""

    def release(self) -> None:
        """Give back what `build` holds."""

    @classmethod
    def defaults(cls, given: Mapping[str, Any]) -> Any:
        """Return the config whose values count where none is given; None for the class's own.

        Args:
            given: values from outside by key, of the right types.
        """
        return None

    def retune(self, config: Any) -> Callable[[], None]:
        """Prepare other values of live settings; return what puts them in force.

        It is called after `config` has become the node's. Both are quick, and what is returned
        does not fail: a request is taken whole or not at all.

        Args:
            config: the settings; what is not live is as before.

        Raises:
            RlControlError: if they cannot be used; nothing has changed.
        """
        return lambda: None

    def set_parameters_atomically(self, parameter_list: list[Parameter]) -> SetParametersResult:
        """Take all of a request, in force when this returns, or nothing of it, with one reason.

        The service set_parameters asks for one parameter after another, so that one refused there
        does not keep the others from being set; set_parameters_atomically asks for all at once.
        """
        try:
            change = change_of(self.config, parameter_list, self._live)
            put_in_force = self.retune(change.config) if change.keys else None
        except RlControlError as error:
            return SetParametersResult(successful=False, reason=str(error))
        if change.parameters:
            result = super().set_parameters_atomically(change.parameters)
            if not result.successful:
                return result
        if put_in_force is not None:
            self.config = change.config
            put_in_force()
        return SetParametersResult(successful=True)

    def poll(self, ahead: float = 0.0) -> float:
        """Do what is due within `ahead` [s]; return the time in [s] until something is due."""
        return min((task.poll(ahead) for task in self._schedule), default=LONGEST_WAIT)

    def every(self, period: float | Callable[[], float], action: Callable[[], None]) -> None:
        """Do `action` every `period` [s] of steady time until `close_topics`.

        A period that a live setting gives is a function: it is asked again and again.

        Not a timer of rclpy: those stand still without a /clock, and each makes every turn of
        the executor slower.
        """
        asked = period if callable(period) else partial(float, period)
        self._schedule.append(Periodic(asked, action))

    def publisher(self, kind: type, topic: str, quality: QoSProfile) -> Any:
        """Return a publisher that lives until `close_topics`."""
        # Its quality events are heard at the other end; here they would slow the executor.
        events = PublisherEventCallbacks(use_default_callbacks=False)
        entity = self.create_publisher(kind, topic, quality, event_callbacks=events)
        self._entities.append((self.destroy_publisher, entity))
        return entity

    def subscribe(
        self, kind: type, topic: str, action: Callable[[Any], None], quality: QoSProfile
    ) -> Any:
        """Call `action` with every message on `topic` until `close_topics`."""
        entity = self.create_subscription(kind, topic, action, quality)
        self._entities.append((self.destroy_subscription, entity))
        return entity

    def serve(self, kind: type, name: str, action: Callable[[Any, Any], Any]) -> None:
        """Offer a service until `close_topics`."""
        entity = self.create_service(kind, name, action)
        self._entities.append((self.destroy_service, entity))

    def close_topics(self) -> None:
        """Take down everything the methods above made."""
        for destroy, entity in self._entities:
            destroy(entity)
        self._entities, self._schedule = [], []

    def winding_down(self) -> bool:
        """Bring the arm to rest before `halt`; say whether it needs more time."""
        return False

    def begin(self) -> None:
        """Configure and activate now if the parameter `autostart` says so.

        Raises:
            RlControlError: what made either impossible.
            Stopped: if the process was asked to stop meanwhile.
        """
        if not self.config.autostart:
            self.get_logger().info("waiting to be configured and activated (autostart is false)")
            return
        for transition in (self.trigger_configure, self.trigger_activate):
            if transition() != TransitionCallbackReturn.SUCCESS:
                raise self._failure or PlantError("the node could not start")
        self.get_logger().info("active")

    def close(self) -> None:
        """Leave the arm safe and end the node."""
        self.on_shutdown(None)
        self.destroy_node()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Build, off this thread so that a signal is heard meanwhile."""
        return self._guarded(lambda: self._stop.wait_for(self.build))

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start."""
        outcome = self._guarded(self.start)
        self.active = outcome == TransitionCallbackReturn.SUCCESS
        if not self.active:
            self.close_topics()
        level = self.config.realtime_priority
        if self.active and level and not come_first(level):
            self.get_logger().info(
                "running without real-time priority: this user has no right to it (ulimit -r)"
            )
        return outcome

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Halt."""
        self.active = False
        return self._guarded(self.halt)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release."""
        return self._guarded(self.release)

    def on_shutdown(self, state: LifecycleState | None) -> TransitionCallbackReturn:
        """Halt if active, and release."""
        if self.active:
            self.active = False
            self._guarded(self.halt)
        return self._guarded(self.release)

    def deliver(self, publisher: Publisher) -> None:
        """Wait until what was published has arrived, so that it survives this process."""
        publisher.wait_for_all_acked(DELIVERY_TIME)

    def _refuse_wrong_transitions(self) -> None:
        """Answer a lifecycle request that does not fit the state with "no".

        rclpy raises in the service's callback instead, which would end the node in mid-motion.
        """
        service = self._service_change_state
        change = service.callback

        def answer(request: Any, response: Any) -> Any:
            try:
                return change(request, response)
            except RCLError as error:
                wanted = request.transition.label or request.transition.id
                state = self._state_machine.current_state[1]
                self.get_logger().error(f"no transition '{wanted}' from state '{state}': {error}")
                response.success = False
                return response

        service.callback = answer

    def _guarded(self, action: Callable[[], None]) -> TransitionCallbackReturn:
        try:
            action()
        except (RlControlError, Stopped) as error:
            self._failure = error
            if not self.config.autostart:
                self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        except Exception as error:  # rclpy would swallow it without a word
            self._failure = error
            if not self.config.autostart:
                self.get_logger().error(traceback.format_exc())
            return TransitionCallbackReturn.ERROR
        return TransitionCallbackReturn.SUCCESS


def _check_topics(config: Any) -> None:
    """Refuse settings named *_topic that are no topic names.

    Raises:
        ConfigError: if there is one.
    """
    for key, value in flatten(config).items():
        if not key.endswith("_topic") or value == "":
            continue
        try:
            validate_topic_name(str(value))
        except InvalidTopicNameException as error:
            problem = " ".join(str(error).split())
            raise ConfigError(
                "parameters", key, problem, "Use letters, digits, '_' and '/', as in /arm/commands."
            ) from None
