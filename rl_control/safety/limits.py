"""The rules of the safety filter: pure functions of limits, states and commands."""

from __future__ import annotations

import numpy as np

from rl_control.safety.reasons import Reason, Violation
from rl_control.safety.settings import SafetyConfig
from rl_control.types import Array, JointLimits, JointState


def check_finite(values: Array, names: tuple[str, ...], reason: Reason) -> Violation | None:
    """Find a NaN or an infinity in `values` [n]."""
    finite = np.isfinite(values)
    if finite.all():
        return None
    bad = np.flatnonzero(~finite)
    return Violation(reason, names[bad[0]], float(values[bad[0]]))


def check_age(stamp: float, now: float, timeout: float) -> Violation | None:
    """Find a state that is too old, or that claims to be from later than now.

    Args:
        stamp: time of measurement in [s].
        now: present time on the same clock in [s].
        timeout: greatest age, and greatest lead, in [s].
    """
    age = now - stamp
    # Written so that an age of NaN is a stale state: every comparison with NaN is false.
    if not age <= timeout:
        return Violation(Reason.STATE_STALE, value=age, bound=timeout)
    if age < -timeout:
        return Violation(Reason.STATE_FROM_FUTURE, value=age, bound=-timeout)
    return None


def check_position(q: Array, limits: JointLimits, margin: float) -> Violation | None:
    """Find a joint further than `margin` outside its position limits; q is [n]."""
    low, high = limits.lower - margin, limits.upper + margin
    bad = np.flatnonzero((q < low) | (q > high))
    if bad.size == 0:
        return None
    i = bad[0]
    bound = low[i] if q[i] < low[i] else high[i]
    return Violation(Reason.POSITION_LIMIT, limits.names[i], float(q[i]), float(bound))


def check_velocity(v: Array, limits: JointLimits, margin: float) -> Violation | None:
    """Find a joint faster than its limit times (1 + margin); v is [n]."""
    bound = limits.velocity * (1.0 + margin)
    bad = np.flatnonzero(np.abs(v) > bound)
    if bad.size == 0:
        return None
    i = bad[0]
    return Violation(Reason.VELOCITY_LIMIT, limits.names[i], float(v[i]), float(bound[i]))


def check_state(
    state: JointState, now: float, limits: JointLimits, config: SafetyConfig
) -> Violation | None:
    """Return the first rule that a state of the limits' joints breaks, or None.

    Finiteness comes first: a NaN passes every comparison after it. The reported effort is not
    judged, since arms that do not measure it may report NaN.
    """
    return (
        check_finite(state.position, state.names, Reason.STATE_NOT_FINITE)
        or check_finite(state.velocity, state.names, Reason.STATE_NOT_FINITE)
        or check_age(state.stamp, now, config.state_timeout)
        or check_position(state.position, limits, config.position_margin)
        or check_velocity(state.velocity, limits, config.velocity_margin)
    )


def clip_effort(effort: Array, limits: JointLimits) -> Array:
    """Return `effort` [n] within the effort limits; it must be finite."""
    return np.clip(effort, -limits.effort, limits.effort)


def limit_rate(effort: Array, previous: Array, step: Array) -> Array:
    """Return `effort` [n] within `step` [n] of the `previous` one [n].

    All joints are slowed by one factor: efforts that belong together (a shoulder's and the
    wrist's that balances it) keep their proportion, as they would not if each were clipped.
    """
    change = effort - previous
    size = np.abs(change)
    if (size <= step).all():
        return effort
    ratios = np.divide(step, size, out=np.ones_like(size), where=size > step)
    return previous + float(ratios.min()) * change
