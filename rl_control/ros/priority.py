"""Who comes first on a crowded processor."""

from __future__ import annotations

import os
from pathlib import Path


def give_way() -> None:
    """Let this process use only processor time that nobody else wants: commands come first."""
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    else:
        os.nice(10)


def come_first(level: int) -> bool:
    """Put every thread of this process under real-time scheduling; say whether that is allowed.

    Children and later threads start without it. First in, first out, as ros2_control does.

    Args:
        level: 1 to 99; the higher goes first.
    """
    try:
        policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        for thread in Path("/proc/self/task").iterdir():
            os.sched_setscheduler(int(thread.name), policy, os.sched_param(level))
    except (AttributeError, OSError):  # not Linux, or no right to (ulimit -r)
        return False
    return True
