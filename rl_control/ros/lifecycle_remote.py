"""Another node's lifecycle: its state, and asking it to change."""

from __future__ import annotations

from typing import Any

from lifecycle_msgs.msg import State, Transition, TransitionEvent
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.node import Node

from rl_control.ros import qos

UNKNOWN = "unknown"
_NAMES = {
    State.PRIMARY_STATE_UNCONFIGURED: "unconfigured",
    State.PRIMARY_STATE_INACTIVE: "inactive",
    State.PRIMARY_STATE_ACTIVE: "active",
    State.PRIMARY_STATE_FINALIZED: "finalized",
}


class RemoteLifecycle:
    """Follows a lifecycle node by its events; asks only while it is not known.

    Args:
        node: that asks; its executor must turn.
        name: of the other node, as the one that asks would call it.

    Attributes:
        state: of the other node; `UNKNOWN` while nothing is heard of it.
        outcome: why it did not do what it was last asked for; "" if it did.
    """

    def __init__(self, node: Node, name: str) -> None:
        self._node, self._name = node, name
        self._change = node.create_client(ChangeState, f"{name}/change_state")
        self._get = node.create_client(GetState, f"{name}/get_state")
        self._events = node.create_subscription(
            TransitionEvent, f"{name}/transition_event", self._on_event, qos.events()
        )
        self._asked = False
        self.state = UNKNOWN
        self.outcome = ""

    def poll(self, heard: bool) -> None:
        """Ask for the state if it is not known; `heard` says whether the node shows any life."""
        if not heard:
            self.state, self._asked = UNKNOWN, False
        elif self.state == UNKNOWN and not self._asked and self._get.service_is_ready():
            self._asked = True
            self._get.call_async(GetState.Request()).add_done_callback(self._on_state)

    def deactivate(self) -> None:
        """Ask the node to stop acting."""
        self._ask(Transition.TRANSITION_DEACTIVATE, "deactivate")

    def activate(self) -> None:
        """Ask the node to act, from whatever it is doing."""
        if self.state == "unconfigured":
            self._ask(Transition.TRANSITION_CONFIGURE, "configure", then=self.activate)
        else:
            self._ask(Transition.TRANSITION_ACTIVATE, "activate")

    def close(self) -> None:
        """End what was opened on the node."""
        self._node.destroy_subscription(self._events)
        for client in (self._change, self._get):
            self._node.destroy_client(client)

    def _ask(self, transition: int, word: str, then: Any = None) -> None:
        if not self._change.service_is_ready():
            self.outcome = f"{self._name} does not answer: it could not be asked to {word}"
            return
        self.outcome = ""
        request = ChangeState.Request(transition=Transition(id=transition))

        def answered(future: Any) -> None:
            response = future.result()
            if response is None or not response.success:
                self.outcome = f"{self._name} refused to {word} (it is {self.state})"
            elif then is not None:
                self.state = "inactive"
                then()

        self._change.call_async(request).add_done_callback(answered)

    def _on_event(self, event: TransitionEvent) -> None:
        self.state = _NAMES.get(event.goal_state.id, event.goal_state.label)
        self.outcome = ""

    def _on_state(self, future: Any) -> None:
        response = future.result()
        self._asked = False
        if response is not None:
            self.state = _NAMES.get(response.current_state.id, response.current_state.label)
