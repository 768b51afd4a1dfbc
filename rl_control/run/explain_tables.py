"""Why a command is what it is, as tables: joint by joint, and term by term."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rl_control.run.explain_numbers import (
    NOTED,
    effort_text,
    greatest,
    percent_text,
    short_effort,
    short_names,
)
from rl_control.run.explain_story import Story
from rl_control.run.explain_terms import Drivers

if TYPE_CHECKING:
    from rich.table import Table

_NARROW = (0, 1, 0, 0)  # padding of cells: seven joints fit into 80 columns


def joint_table(story: Story, k: int, drivers: Drivers) -> Table:
    """Return what each joint got in state `k`."""
    limits = story.arm.robot.limits.effort
    sent, asked = story.inputs.commands[k], story.asked[k]
    rows = [
        [
            name,
            f"{story.inputs.positions[k, i]:.3f}",
            f"{round(float(story.inputs.velocities[k, i]), 2) + 0.0:.2f}",  # no -0.00
            effort_text(asked[i], limits[i]),
            effort_text(sent[i], limits[i]),
            percent_text(abs(sent[i]) / limits[i]),
            effort_text(drivers.gravity[i], limits[i]),
        ]
        for i, name in enumerate(story.inputs.names)
    ]
    columns = ["joint", "position", "speed", "asked for", "sent", "of limit", "gravity"]
    return _narrow("the command", columns, rows)


def term_table(story: Story, k: int, drivers: Drivers) -> Table:
    """Return what each joint would have got in state `k` without each term that matters."""
    decision, limits = story.decision(k), story.arm.robot.limits.effort
    shares = drivers.shares if decision is None else decision.group("cost_by_term")
    total = sum(shares.values()) or 1.0
    rows, silent = [], []
    for term, size in greatest(drivers.pulls, limits).items():
        share = shares.get(term, 0.0) / total
        if size < NOTED and share < NOTED:
            silent.append(term)
            continue
        pulls = zip(drivers.pulls[term], limits, strict=True)
        cells = [short_effort(-pull, limit) for pull, limit in pulls]
        rows.append([term, percent_text(share), *cells])
    begin, names = short_names(story.inputs.names)
    which = f" ({begin}...)" if begin else ""
    made = _narrow(
        f"without a term, each joint{which} would have got", ["term", "share", *names], rows
    )
    if silent:
        made.caption = f"no difference: {', '.join(silent)}"
        made.caption_justify, made.caption_style = "left", ""
    return made


def _narrow(title: str, columns: list[str], rows: list[list[str]]) -> Table:
    from rl_control.report.table import table

    made = table(title, columns, rows)
    made.padding = _NARROW
    return made
