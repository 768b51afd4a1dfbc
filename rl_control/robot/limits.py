"""Joint limits of an arm: those of its URDF, or those the user gives instead."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from rl_control.errors import RobotDescriptionError, ShapeError, UnknownNameError
from rl_control.robot.urdf import Urdf
from rl_control.types import Array, JointLimits

Bounds = tuple[float, float, float, float]  # lower, upper, velocity, effort
ExplicitLimits = JointLimits | Mapping[str, Sequence[float]]

_KEYS = ("lower", "upper", "velocity", "effort")


def joint_limits(
    urdf: Urdf, names: Sequence[str], explicit: ExplicitLimits | None = None
) -> JointLimits:
    """Return the limits of the joints `names`: explicit ones where given, else the URDF's.

    Raises:
        UnknownNameError: if an explicit limit is for a joint the tree does not have.
        ShapeError: if an explicit limit is not (lower, upper, velocity, effort).
        RobotDescriptionError: if a limit is missing, not finite, zero or reversed.
    """
    given = _by_name(explicit)
    for name in given:
        if name not in urdf.joints:
            raise UnknownNameError("joint with limits", name, list(urdf.joints))
    rows = []
    for name in names:
        joint = urdf.joints[name]
        endless = joint.kind == "continuous"
        if name in given:
            rows.append(_Judge("limits argument", name, endless).bounds(given[name]))
        else:
            limit = joint.limit
            if endless:
                limit = {**limit, "lower": -math.inf, "upper": math.inf}
            rows.append(_Judge(urdf.source, name, endless).bounds(limit))
    columns: Array = np.array(rows, dtype=np.float64).reshape(-1, 4).T
    return JointLimits(tuple(names), *columns)


def _by_name(explicit: ExplicitLimits | None) -> dict[str, dict[str, float]]:
    if explicit is None:
        return {}
    if isinstance(explicit, JointLimits):
        columns = (explicit.lower, explicit.upper, explicit.velocity, explicit.effort)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        explicit = dict(zip(explicit.names, rows, strict=True))
    for name, row in explicit.items():
        if len(row) != len(_KEYS):
            raise ShapeError(f"limits of joint '{name}'", len(row), f"4 ({', '.join(_KEYS)})")
    return {name: dict(zip(_KEYS, map(float, row), strict=True)) for name, row in explicit.items()}


class _Judge:
    """Accepts or refuses the limits of one joint."""

    def __init__(self, source: str, name: str, endless: bool) -> None:
        self._source, self._name, self._endless = source, name, endless

    def bounds(self, limit: Mapping[str, float]) -> Bounds:
        """Return the limits, or raise."""
        lower, upper = self._positions(limit)
        return lower, upper, self._positive(limit, "velocity"), self._positive(limit, "effort")

    def _positions(self, limit: Mapping[str, float]) -> tuple[float, float]:
        lower = self._number(limit, "lower", infinite=self._endless)
        upper = self._number(limit, "upper", infinite=self._endless)
        if lower > upper:
            raise self._fail(
                f"limit/lower {lower:g} is above limit/upper {upper:g}", "Swap or correct them."
            )
        if lower == upper:
            raise self._fail(
                f"limit/lower and limit/upper are both {lower:g}",
                "Leave room to move, or lock the joint.",
            )
        return lower, upper

    def _positive(self, limit: Mapping[str, float], key: str) -> float:
        value = self._number(limit, key)
        if value <= 0.0:
            raise self._fail(f"limit/{key} is {value:g}", "Give a positive number.")
        return value

    def _number(self, limit: Mapping[str, float], key: str, infinite: bool = False) -> float:
        if key not in limit:
            raise self._fail(f"limit/{key} is missing", "Give a finite number.")
        value = limit[key]
        if math.isnan(value) or (math.isinf(value) and not infinite):
            raise self._fail(f"limit/{key} is {value}", "Give a finite number.")
        return value

    def _fail(self, problem: str, remedy: str) -> RobotDescriptionError:
        advice = f"{remedy} Or pass limits={{'{self._name}': ({', '.join(_KEYS)})}}."
        return RobotDescriptionError(self._source, f"joint '{self._name}'", problem, advice)
