"""The joint order of a command topic, which need not be the arm's own."""

from __future__ import annotations

from collections.abc import Sequence

from rl_control.errors import ConfigError
from rl_control.types import Array, joint_index


class JointOrder:
    """Brings vectors from the arm's joint order to a topic's, and back."""

    def __init__(self, names: Sequence[str], arm: Sequence[str], key: str) -> None:
        """Take the topic's order `names`, or the arm's own if that is empty.

        Raises:
            JointMismatchError: if a joint of the arm is missing.
            ConfigError: if there are other joints, or one twice; `key` is the setting to name.
        """
        self.names = tuple(names) or tuple(arm)
        self._to_arm = joint_index(self.names, arm)
        if len(self.names) != len(arm):
            raise ConfigError(
                "parameters",
                key,
                f"found {len(self.names)} joints, the arm has {len(arm)}",
                f"Give each of {', '.join(arm)} once.",
            )
        self._to_topic = joint_index(arm, self.names)

    def to_arm(self, values: Array) -> Array:
        """Return `values` [n], given in the topic's order, in the arm's."""
        return values[self._to_arm]

    def to_topic(self, values: Array) -> Array:
        """Return `values` [n], given in the arm's order, in the topic's."""
        return values[self._to_topic]
