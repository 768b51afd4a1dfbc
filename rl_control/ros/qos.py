"""Qualities of service of every topic, each with its reason."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

LOCK_STEP = 5000
"""Messages kept for a listener that lags in lock-step: a record of such a run is to be whole."""


def states(reliable: bool = True, depth: int = 10) -> QoSProfile:
    """Joint states and what is measured with them: all arrive, unless a driver sends best effort.

    A reliable reader hears nothing from a best-effort writer, so the reliability of a real arm's
    driver is a parameter.
    """
    policy = ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=policy)


def commands(depth: int = 1) -> QoSProfile:
    """Commands: only the newest one matters, and it must arrive."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=ReliabilityPolicy.RELIABLE
    )


def events(depth: int = 10) -> QoSProfile:
    """Goals, plans and diagnostics: rare messages that must arrive."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=ReliabilityPolicy.RELIABLE
    )


def latched() -> QoSProfile:
    """What a late joiner must still get: the robot's description."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=1,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL,
    )
