"""What has the last word before any command."""

from rl_control.safety.filter import SafetyFilter
from rl_control.safety.reasons import Reason, Violation
from rl_control.safety.settings import SafetyConfig
from rl_control.safety.watchdog import Watchdog

__all__ = ["Reason", "SafetyConfig", "SafetyFilter", "Violation", "Watchdog"]
