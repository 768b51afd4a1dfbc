"""Lines of a dashboard: pieces of text with their colours, cut to a width."""

from __future__ import annotations

import math

from rich.text import Text

from rl_control.report.dashboard.bars import Glyphs
from rl_control.report.dashboard.data import ERROR, OK, WARN

GOOD, NEAR, BAD, DIM, NAME = "green", "yellow", "bold red", "bright_black", "cyan"
UNKNOWN_TEXT = "-"

# Share of a limit from which a joint is near it, and from which it is at it.
NEAR_SHARE, AT_SHARE = 0.75, 0.95
# Share of the range from either end within which a position is near its limit, and at it.
NEAR_END, AT_END = 0.05, 0.01


def line(*pieces: Text | tuple[str, str] | str) -> Text:
    """Return one line of pieces, each a text or (text, style)."""
    return Text.assemble(*pieces, no_wrap=True, overflow="crop", end="")


def clean(text: str) -> str:
    """Return `text` as one line without anything a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)


def fitted(text: str, width: int, glyphs: Glyphs, keep_end: bool = False) -> str:
    """Return `text` in exactly `width` characters; what is too long loses its end, or its begin."""
    text = clean(text)
    if len(text) > width:
        kept = width - 1
        text = glyphs.cut + text[-kept:] if keep_end else text[:kept] + glyphs.cut
    return text.ljust(width)


def number(value: float, digits: int = 2, width: int = 0) -> str:
    """Return a number with `digits` decimals, in scientific notation where that would be long."""
    if math.isnan(value):
        text = UNKNOWN_TEXT
    elif abs(value) >= 1e5 and math.isfinite(value):
        text = f"{value:.1e}"
    else:
        text = f"{value:.{digits}f}"
    return text.rjust(width)


def short(text: str) -> str:
    """Return a fraction told to many digits with three; anything else as it is."""
    try:
        return f"{float(text):.3g}" if "." in text else text
    except ValueError:
        return text


def percent(share: float) -> str:
    """Return a share in five characters, "100 %"."""
    if math.isnan(share):
        return UNKNOWN_TEXT.rjust(5)
    return f"{min(100.0 * share, 999.0):3.0f} %"


def duration(seconds: float) -> str:
    """Return a time span in a unit that makes it short."""
    if not math.isfinite(seconds):
        return UNKNOWN_TEXT
    if seconds < 1.0:
        return f"{1e3 * seconds:.0f} ms"
    if seconds < 120.0:
        return f"{seconds:.1f} s"
    return f"{seconds / 60.0:.0f} min"


def share_style(share: float) -> str:
    """Return the colour of a share of a limit."""
    if math.isnan(share):
        return DIM
    return BAD if share >= AT_SHARE else NEAR if share >= NEAR_SHARE else GOOD


def place_style(place: float) -> str:
    """Return the colour of a place between two limits."""
    if math.isnan(place):
        return ""
    end = min(place, 1.0 - place)
    return BAD if end <= AT_END else NEAR if end <= NEAR_END else GOOD


def level_style(level: int) -> str:
    """Return the colour of a diagnostic level."""
    return {OK: GOOD, WARN: NEAR, ERROR: BAD}.get(level, DIM)


def goal_style(status: str) -> str:
    """Return the colour of a goal's status."""
    return {"reached": GOOD, "refused": BAD, "not reached": BAD}.get(status, "")
