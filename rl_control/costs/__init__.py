"""What is wanted, as residuals: one CasADi expression a cost."""

from rl_control.costs.base import CostTerm, Symbols
from rl_control.costs.control_rate import ControlRate
from rl_control.costs.effort import Effort, EffortAbout
from rl_control.costs.expansion import Expansion
from rl_control.costs.position_limits import PositionLimits
from rl_control.costs.posture import Posture
from rl_control.costs.schedule import Ramp, Schedule
from rl_control.costs.sum import CostSum
from rl_control.costs.tip_orientation import TipOrientation
from rl_control.costs.tip_points import TipPoints
from rl_control.costs.tip_position import TipPosition
from rl_control.costs.velocity import TipVelocity, Velocity
from rl_control.costs.velocity_limits import GivenVelocityLimits, VelocityLimits

__all__ = [
    "ControlRate",
    "CostSum",
    "CostTerm",
    "Effort",
    "EffortAbout",
    "Expansion",
    "GivenVelocityLimits",
    "PositionLimits",
    "Posture",
    "Ramp",
    "Schedule",
    "Symbols",
    "TipOrientation",
    "TipPoints",
    "TipPosition",
    "TipVelocity",
    "Velocity",
    "VelocityLimits",
]
