"""Policies that a controller can act by: read, and checked against arm, rate and each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rl_control.errors import PolicyError
from rl_control.policy.lanes import Network, check_shape, shape_of
from rl_control.policy.policy import check_policy
from rl_control.policy.store import load_policy
from rl_control.robot.model import RobotModel

_JITTER = 1e-3  # share of a period that makes no difference


def load_checked(path: Path, robot: RobotModel, period: float) -> tuple[Network, dict[str, Any]]:
    """Return the policy in a file, and what is said of it there.

    Args:
        path: the file.
        robot: the arm it must be of.
        period: time between two states in [s].

    Raises:
        DataError: if the file is missing, damaged or no policy.
        PolicyError: if the policy is of another arm, or acts more often than states come.
    """
    policy, about = load_policy(path)
    check_policy(path, policy, robot.names)
    dt = policy.facts.dt
    if dt < (1.0 - _JITTER) * period:
        raise PolicyError(
            path,
            f"it acts every {dt:g} s, and states come every {period:g} s",
            f"Set 'rate' to {1.0 / dt:g} or more, and let the arm's driver send as many states.",
        )
    return policy, about


def check_alike(path: Path, policy: Network, running: Network) -> None:
    """Refuse a policy that cannot take the place of the running one.

    Args:
        path: where it comes from, for the message.
        policy: it.
        running: what acts, and was compiled.

    Raises:
        PolicyError: if it is of another arm, task, control period, observation, base or size.
    """
    facts = running.facts
    check_policy(path, policy, facts.names, facts.task, facts.dt, facts.layout)
    if policy.facts.base != facts.base:
        raise PolicyError(
            path,
            f"it is based on {policy.facts.base}, and the running one on {facts.base}",
            "Train it with that base, or start the controller again.",
        )
    check_shape(path, policy, shape_of(running))
