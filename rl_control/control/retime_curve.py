"""The smooth curve through a joint path's points, and the same gone along in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rl_control.types import Array


class JointCurve:
    """A curve q(s) through points, twice continuously differentiable, at rest at both ends.

    Without velocities it is the cubic spline; with them, the quintic that meets them, with
    accelerations halfway between those of the cubics on either side.

    Args:
        parameters: s of the points, [T], increasing from 0; their recorded times in [s].
        positions: [T, n] in [rad] or [m].
        velocities: dq/ds at the points, [T, n]; those at the ends are taken as zero.

    Attributes:
        knots: s of the points, [T].
        length: s of the last one.
    """

    def __init__(self, parameters: Array, positions: Array, velocities: Array | None) -> None:
        from scipy.interpolate import BPoly, CubicSpline

        self.knots = parameters
        self.length = float(parameters[-1])
        self._curve: Any
        if velocities is None:
            self._curve = CubicSpline(parameters, positions, bc_type="clamped")
        else:
            slopes = velocities.copy()
            slopes[[0, -1]] = 0.0
            bends = _bends(parameters, positions, slopes)
            table = np.stack([positions, slopes, bends], axis=1)
            self._curve = BPoly.from_derivatives(parameters, table)
        self._slope, self._bend = self._curve.derivative(1), self._curve.derivative(2)

    def at(self, s: Array) -> tuple[Array, Array, Array]:
        """Return q, dq/ds and d2q/ds2, [K, n] each, at `s` [K]."""
        return self._curve(s), self._slope(s), self._bend(s)


@dataclass(frozen=True)
class TimedPath:
    """A curve gone along in time; between grid points s moves with constant acceleration.

    Attributes:
        names: joint names, [n].
        curve: where it goes.
        parameters: s at the grid points, [N+1].
        times: when they are passed, [N+1] in [s] from 0, increasing.
        rates: ds/dt there, [N+1].
    """

    names: tuple[str, ...]
    curve: JointCurve
    parameters: Array
    times: Array
    rates: Array

    @property
    def duration(self) -> float:
        """Time it takes in [s]."""
        return float(self.times[-1])

    @property
    def start(self) -> Array:
        """Joint positions at its begin, [n]."""
        q: Array = self.curve.at(self.parameters[:1])[0][0]
        return q

    @property
    def end(self) -> Array:
        """Joint positions at its end, [n]."""
        q: Array = self.curve.at(self.parameters[-1:])[0][0]
        return q

    def parameter_at(self, times: Array) -> tuple[Array, Array, Array]:
        """Return s, ds/dt and d2s/dt2, [K] each, at `times` [K] in [s]; at rest beyond the ends."""
        inside = (times >= 0.0) & (times <= self.times[-1])
        t = np.clip(times, 0.0, self.times[-1])
        k = np.clip(np.searchsorted(self.times, t, side="right") - 1, 0, len(self.times) - 2)
        span = self.times[k + 1] - self.times[k]
        push = (self.rates[k + 1] - self.rates[k]) / span
        since = t - self.times[k]
        s = self.parameters[k] + since * (self.rates[k] + 0.5 * push * since)
        rate = self.rates[k] + push * since
        return np.minimum(s, self.curve.length), rate * inside, push * inside

    def at(self, times: Array) -> tuple[Array, Array, Array]:
        """Return positions, velocities and accelerations, [K, n] each, at `times` [K] in [s]."""
        s, rate, push = self.parameter_at(np.asarray(times, dtype=np.float64))
        q, slope, bend = self.curve.at(s)
        rate = rate[:, None]
        return q, slope * rate, bend * rate**2 + slope * push[:, None]

    def slower(self, factor: float) -> TimedPath:
        """Return the same path in `factor` times the time."""
        return TimedPath(
            self.names, self.curve, self.parameters, self.times * factor, self.rates / factor
        )


def timed(names: tuple[str, ...], curve: JointCurve, parameters: Array, x: Array) -> TimedPath:
    """Return `curve` gone along with (ds/dt)^2 = x [N+1] at `parameters` [N+1]."""
    rates = np.sqrt(x)
    steps = 2.0 * np.diff(parameters) / (rates[1:] + rates[:-1])
    return TimedPath(names, curve, parameters, np.append(0.0, np.cumsum(steps)), rates)


def _bends(s: Array, q: Array, slopes: Array) -> Array:
    """Second derivatives at the points, [T, n]: the mean of the cubics' on either side."""
    h = np.diff(s)[:, None]
    rise = np.diff(q, axis=0)
    first = (6.0 * rise / h - 4.0 * slopes[:-1] - 2.0 * slopes[1:]) / h
    second = (-6.0 * rise / h + 2.0 * slopes[:-1] + 4.0 * slopes[1:]) / h
    bends = np.zeros_like(q)
    bends[:-1] += first
    bends[1:] += second
    bends[1:-1] *= 0.5
    return bends
