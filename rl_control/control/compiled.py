"""Machine code that control writes itself: the Riccati step and a clock."""

from __future__ import annotations

from rl_control.control import interpreted
from rl_control.control.riccati import RiccatiWriter
from rl_control.control.structure import Stage
from rl_control.kernels import jit_available

_CLOCK = """\
declare i32 @clock_gettime(i32, ptr)
define void @monotonic_clock(ptr %args, i64 %count) {
  %out = load ptr, ptr %args, align 8
  %status = call i32 @clock_gettime(i32 1, ptr %out)
  ret void
}
"""


def riccati_addresses(stage: Stage) -> tuple[int, int, int]:
    """Return the addresses of the recursion's three parts: expand, gains, update."""
    if not jit_available():
        return interpreted.riccati_addresses(stage)
    from rl_control.kernels import jit

    writer = RiccatiWriter(stage, jit.function_attributes())
    expand = jit.load(writer.expand("riccati_expand"), "riccati_expand", optimize=False)
    gains = jit.load(writer.gains("riccati_gains"), "riccati_gains", optimize=False)
    update = jit.load(writer.update("riccati_update"), "riccati_update", optimize=False)
    return expand, gains, update


def clock_address() -> int:
    """Return the address of a reader of the monotonic clock, callable without the interpreter."""
    if not jit_available():
        return interpreted.clock_address()
    from rl_control.kernels import jit

    return jit.load(_CLOCK, "monotonic_clock", optimize=False)
