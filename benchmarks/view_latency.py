"""State-to-command latency with and without somebody who watches in a browser, in turns.

python benchmarks/view_latency.py [--seconds 30] [--rounds 3] [--robot iiwa7] [--json FILE]

Starts arm_sim and mpc_controller with the launch file arm_mpc and sends one target after another:
once as they are, once with browser_view and a real browser without a window that has the page open.
Latency is measured by arm_sim, from publishing a joint state to taking the command that answers it.
Pictures are counted in the page, as they come out of its websocket, in seconds in which some came:
none is sent while the arm rests. The browser draws on the
processor here, in the time that nobody else wants (SCHED_IDLE); a browser with a graphics card, or
on another machine, costs less. Needs chromium, chromedriver and selenium. Leave the machine alone
meanwhile.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from turns import in_turns

from rl_control.report.table import console, number
from rl_control.robot.description import load_robot
from rl_control.run.demo import CLIENT, LAST_DOMAIN, draw_targets
from rl_control.run.demo_record import read_record, summarize
from rl_control.run.environment import machine_line
from rl_control.run.launch_file import find_launch_file, read_launch
from rl_control.run.network import network_defaults
from rl_control.run.output import add_json_argument, check_writable, write_json
from rl_control.run.supervisor import ProcessSpec, supervise

WATCHER = "watcher"
VIEW = "rl_control.ros.browser_view"
START_TIME = 90.0  # [s] in which a browser without a graphics card should have the page
COUNTING = """
window.__came = []; window.__drawn = 0;
const Plain = window.Worker;
window.Worker = class extends Plain {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", (event) => {
      const poses = (m) => m.type === "SetOrientationMessage" || m.type === "SetPositionMessage";
      if (event.data.type === "message_batch" && event.data.messages.some(poses)) {
        window.__came.push(performance.now());
      }
    });
  }
};
const count = () => { window.__drawn += 1; requestAnimationFrame(count); };
requestAnimationFrame(count);
"""


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robot", default="iiwa7")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each turn")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--after", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    parser.add_argument("--watch", nargs=2, metavar=("PORT", "FILE"), help=argparse.SUPPRESS)
    add_json_argument(parser)
    args = parser.parse_args()
    if args.watch:
        return watch(int(args.watch[0]), Path(args.watch[1]))
    if args.after:
        return after(Path(args.after[0]), args.after[1:])
    check_writable(args.json)
    out = console()
    out.print(machine_line(), soft_wrap=True)
    turns = {
        "nobody watches": lambda: turn(args, watched=False),
        "a browser watches": lambda: turn(args, watched=True),
    }
    found = in_turns(turns, args.rounds)
    for name, rounds in found.items():
        figures = (
            number(float(np.median([r["state_to_command_ms"][k] for r in rounds])), 2, 1.0, " ms")
            for k in ("p50", "p99")
        )
        missed = sum(r["missed_commands"] for r in rounds)
        states = sum(r["states"] for r in rounds)
        p50, p99 = figures
        out.print(f"{name:<18} p50 {p50}, p99 {p99}; {missed} of {states} states not in time")
    seen = [r["browser"] for r in found["a browser watches"]]
    pictures, drawn, cpu = (
        float(np.median([s[key] for s in seen])) for key in ("pictures", "drawn", "cpu_percent")
    )
    out.print(
        f"while the arm moved the browser received {pictures:.1f} pictures a second; "
        f"it drew {drawn:.1f}; browser_view took {cpu:.1f} % of a core"
    )
    if args.json:
        write_json(args.json, {"robot": args.robot, "rate_hz": args.rate, "turns": found})
    return 0


def turn(args: argparse.Namespace, watched: bool) -> dict[str, Any]:
    """Let the nodes run once; return what arm_sim and, if there is one, the browser have seen.

    Raises:
        SystemExit: if a process failed; its last lines are printed.
    """
    robot = load_robot(args.robot)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines: list[str] = []
        if supervise(processes(args, folder, watched), write=lines.append, until=CLIENT):
            raise SystemExit("\n".join(lines[-20:]))
        report = summarize(read_record(folder / "run.npz", robot), robot, args.seed)
        if watched:
            report["browser"] = json.loads((folder / "seen.json").read_text(encoding="utf-8"))
    return report


def processes(args: argparse.Namespace, folder: Path, watched: bool) -> list[ProcessSpec]:
    """The nodes, the client that sends targets and, if the arm is watched, the browser."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = {"robot": args.robot, "rate": f"{args.rate:g}"}
    if watched:
        arguments |= {"view": "true", "view_port": str(port)}
    environment = {
        **network_defaults(),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "ROS_DOMAIN_ID": str(random.randint(1, LAST_DOMAIN)),
    }
    specs = [
        ProcessSpec(
            node.label,
            (sys.executable, "-m", *node.command),
            {**environment, **node.environment},
        )
        for node in read_launch(find_launch_file("arm_mpc"), arguments).nodes
    ]
    targets = draw_targets(load_robot(args.robot), 20, args.seed)
    client = (
        *(sys.executable, "-m", "rl_control.ros.demo_client", "--robot", args.robot),
        *("--targets", json.dumps(targets), "--seconds", str(args.seconds)),
        *("--output", str(folder / "run.npz")),
    )
    if watched:
        # Targets are sent when the page is open: a browser takes a while to begin.
        client = (sys.executable, __file__, "--after", str(folder / "seen.json"), *client)
        watcher = (sys.executable, __file__, "--watch", str(port), str(folder / "seen.json"))
        specs.append(ProcessSpec(WATCHER, watcher, environment))
    return [*specs, ProcessSpec(CLIENT, client, environment)]


def after(path: Path, command: Sequence[str]) -> int:
    """Become `command` once there is a file `path`; return 1 if it does not come."""
    deadline = time.monotonic() + START_TIME
    while time.monotonic() < deadline:
        if path.is_file():
            os.execv(command[0], list(command))
        time.sleep(0.1)
    print(f"no browser had the page within {START_TIME:g} s", file=sys.stderr)
    return 1


def watch(port: int, path: Path) -> int:
    """Have the page open until a signal comes; keep writing what was counted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    _wait_for(port)
    with contextlib.suppress(KeyboardInterrupt), _browser() as driver:
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": COUNTING})
        driver.get(f"http://127.0.0.1:{port}")
        view = _process(f"port:={port}")
        while not driver.execute_script("return window.__came.length"):
            time.sleep(0.2)
        driver.execute_script("window.__came = [];")
        began, before, spent = time.monotonic(), _drawn(driver), _seconds(view)
        while True:
            time.sleep(1.0)
            elapsed = time.monotonic() - began
            report = {
                "pictures": _rate(driver.execute_script("return window.__came")),
                "drawn": (_drawn(driver) - before) / elapsed,
                "cpu_percent": 100.0 * (_seconds(view) - spent) / elapsed,
            }
            part = path.with_suffix(".part")  # whoever reads it shall find it whole
            part.write_text(json.dumps(report), encoding="utf-8")
            part.replace(path)
    return 0


@contextlib.contextmanager
def _browser() -> Iterator[Any]:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = shutil.which("chromium") or "/usr/bin/chromium"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--use-angle=swiftshader"),
            *("--enable-unsafe-swiftshader", "--disable-quic", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *("--disable-dev-shm-usage", "--window-size=640,480", f"--user-data-dir={profile}"),
        ):
            options.add_argument(flag)
        service = Service(shutil.which("chromedriver") or "/usr/bin/chromedriver")
        driver = webdriver.Chrome(options=options, service=service)
        try:
            yield driver
        finally:
            driver.quit()


def _rate(times: Sequence[float]) -> float:
    """Pictures a second, of times in [ms]: the median of all whole seconds in which some came."""
    seconds = np.asarray(times, dtype=np.float64) // 1000.0
    counts = np.unique(seconds, return_counts=True)[1][1:-1]
    return float(np.median(counts)) if counts.size else 0.0


def _drawn(driver: Any) -> int:
    return int(driver.execute_script("return window.__drawn"))


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_TIME
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        time.sleep(0.1)
    raise SystemExit(f"nothing listens at port {port}")


def _process(argument: str) -> Path:
    """The folder in /proc of the view with that argument."""
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_text(encoding="utf-8").split("\0")
            if VIEW in words and argument in words:
                return folder
    raise SystemExit("no browser_view is running")


def _seconds(process: Path) -> float:
    """Processor time that a process has taken so far."""
    fields = (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
