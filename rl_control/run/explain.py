"""`rl_control explain`: what happened in a run, and why a command was what it was."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from rl_control.report.explain_plot import Explained
    from rl_control.run.explain_events import Event
    from rl_control.run.explain_story import Story

HELP = "find out from a recording why an arm did what it did"
DESCRIPTION = """\
Without --at: what happened in the run that somebody might ask about, each with its time: where the
arm shook, stopped, was driven with all its effort, where the safety filter acted, plans were late
or rejected, targets refused.

With --at T: why the command at that time was what it was: what each joint got and how much of it
carries the arm, which cost term asked for it (found by planning from that state again without each
of them), which limits were active, what the safety filter did, and what to do about it.

The controller's own words (topic ~/decisions) are used where they were recorded; else it is
repeated from its recorded settings.

examples:
  rl_control explain runs/reach-20260131-120000
  rl_control explain runs/reach-20260131-120000 --at 3.21
  rl_control explain my_bag --at 1769860800.125000000 --plot why.png
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "run", metavar="RUN", help="a run's folder, a bag's folder, or one bag file"
    )
    parser.add_argument(
        "--at", metavar="T", help="seconds from the first state on, or a stamp in the bag"
    )
    parser.add_argument(
        "--robot", metavar="R", help="robot's name or file, if not the recorded one"
    )
    parser.add_argument(
        "--controller", metavar="NODE", default="", help="which of several controllers in the bag"
    )
    parser.add_argument("--plot", metavar="FILE", help="write a picture (PNG); with --at, around T")
    parser.add_argument("--json", metavar="FILE", help="also write what was found to FILE")


def run(args: argparse.Namespace) -> int:
    """Run the verb; return its exit code.

    Raises:
        RlControlError: what is wrong with bag, robot or time.
    """
    from rl_control.data.runs.log import read_log
    from rl_control.report.table import console
    from rl_control.run.explain_events import events_of
    from rl_control.run.explain_state import state_at
    from rl_control.run.explain_story import story_of
    from rl_control.run.output import check_writable, write_json

    check_writable(args.json)
    check_writable(args.plot, "--plot")
    out = console()
    story = story_of(read_log(args.run, args.controller), args.robot)
    k = None if args.at is None else state_at(story, args.at)
    events = events_of(story)
    out.print(_headline(story))
    found: object = events
    if k is None:
        _print_events(out, args.run, events)
    else:
        found = _explain(out, story, k, events)
    if args.json:
        write_json(args.json, found)
    if args.plot:
        from rl_control.report.explain_plot import plot_explained

        around = None if k is None else float(story.times[k])
        plot_explained(args.plot, _picture(story, events), around)
        out.print(f"wrote {args.plot}")
    return 0


def _headline(story: Story) -> str:
    log = story.log
    told = "" if story.told else "; it told no decisions, so it was repeated from its settings"
    notes = "".join(f"\n{note}" for note in story.arm.notes)
    return (
        f"{log.path}: {log.controller.lstrip('/')} on {story.arm.robot.name}, "
        f"{len(story.inputs)} states in {story.times[-1]:.1f} s{told}{notes}"
    )


def _print_events(out: Console, run: str, events: list[Event]) -> None:
    from rl_control.report.table import table
    from rl_control.run.explain_events import telling_time

    worth = [event for event in events if event.kind != "goal"]
    if not worth:
        out.print("nothing out of the ordinary happened")
    rows = [
        [
            f"{event.start:.3f}",
            f"{event.end - event.start:.3f}" if event.end > event.start else "",
            event.kind,
            event.text,
        ]
        for event in events
    ]
    out.print(table("", ["at [s]", "for [s]", "what", "in words"], rows, left=4))
    time = telling_time(events)
    if time is not None:
        out.print(
            f"why, where it tells most: rl_control explain {run} --at {time:.3f}", soft_wrap=True
        )


def _explain(out: Console, story: Story, k: int, events: list[Event]) -> dict[str, object]:
    from rl_control.data.bags.cdr_rows import stamp_label
    from rl_control.run.explain_state import around, sentences, settings_changed
    from rl_control.run.explain_tables import joint_table, term_table
    from rl_control.run.explain_terms import drivers_at

    drivers = drivers_at(story, k)
    label = stamp_label(int(story.inputs.stamps[k]))
    lines = [*around(events, float(story.times[k])), *sentences(story, k, drivers)]
    out.print(f"at {story.times[k]:.3f} s (state {k}, stamp {label}):")
    for line in lines:
        out.print(f"- {line}")
    for changed in settings_changed(story, k):
        out.print(f"- Changed since the start: {changed}.")
    out.print(joint_table(story, k, drivers))
    if not story.violations[k]:
        out.print(term_table(story, k, drivers))
    return {
        "time": float(story.times[k]),
        "stamp": label,
        "sentences": lines,
        "sent": dict(zip(story.inputs.names, story.inputs.commands[k], strict=True)),
        "pulls": dict(drivers.pulls),
        "cost": dict(drivers.shares),
    }


def _picture(story: Story, events: list[Event]) -> Explained:
    from rl_control.report.explain_plot import Explained

    return Explained(
        names=story.inputs.names,
        times=story.times,
        velocities=story.inputs.velocities,
        commands=story.inputs.commands,
        asked=story.asked,
        speed_limits=story.limits.velocity,
        effort_limits=story.limits.effort,
        events=tuple((e.start, e.end, e.kind) for e in events),
        title=str(story.log.path),
    )
