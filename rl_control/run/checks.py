"""What `rl_control doctor` looks at: each check finds something and knows the remedy."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import random
import subprocess
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from rl_control.errors import RlControlError
from rl_control.paths import DATA_KINDS, cache_dir, data_dir
from rl_control.run.network import network_defaults

OK = "ok"
NOTE = "note"
FAULT = "fault"

PYTHON_FROM, PYTHON_BELOW = (3, 10), (3, 14)
PING_SECONDS = 8.0
LISTED = 8  # kernels named one by one


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        what: what was looked at.
        level: OK, NOTE (works without it) or FAULT.
        found: what was found.
        remedy: what to do; "" if nothing.
    """

    what: str
    level: str
    found: str
    remedy: str = ""


@dataclass(frozen=True)
class Library:
    """A library that may be installed.

    Attributes:
        module: what is imported.
        distribution: what is installed.
        extra: the extra that brings it; "" for one that is always needed.
        use: what it is for.
    """

    module: str
    distribution: str
    extra: str
    use: str


LIBRARIES = (
    Library("numpy", "numpy", "", "everything"),
    Library("scipy", "scipy", "", "inverse kinematics, LQR"),
    Library("casadi", "casadi", "", "models and costs"),
    Library("llvmlite", "llvmlite", "", "machine code"),
    Library("numba", "numba", "", "machine code"),
    Library("yaml", "PyYAML", "", "settings"),
    Library("rich", "rich", "", "tables"),
    Library("safetensors", "safetensors", "", "data sets and models on disk"),
    Library("mcap", "mcap", "", "recordings"),
    Library("rosbags", "rosbags", "", "recordings"),
    Library("pybullet", "pybullet", "sim", "the simulated arm, iiwa7, panda"),
    Library("rclpy", "ros-jazzy-rclpy", "ros", "the ROS 2 nodes, the demo"),
    Library("matplotlib", "matplotlib", "viz", "plots"),
    Library("PIL", "pillow", "viz", "GIF videos"),
    Library("imageio_ffmpeg", "imageio-ffmpeg", "", "MP4 videos"),
    Library("xacro", "xacro", "", "xacro files"),
    Library("torch", "torch", "learn", "learned models"),
    Library("tensorboardX", "tensorboardX", "learn", "training curves"),
    Library("gpytorch", "gpytorch", "gp", "Gaussian process models"),
    Library("optuna", "optuna", "tune", "the search of tune"),
    Library("viser", "viser", "view", "the arm in a browser"),
    Library("mkdocs", "mkdocs-material", "docs", "the documentation's site"),
)
REQUIRED = {
    *("numpy", "scipy", "casadi", "llvmlite", "numba", "yaml", "rich", "safetensors"),
    *("mcap", "rosbags"),
}


def check_python() -> Finding:
    """Look at the interpreter."""
    found = f"{platform.python_version()} at {sys.prefix}"
    if PYTHON_FROM <= sys.version_info[:2] < PYTHON_BELOW:
        return Finding("Python", OK, found)
    return Finding("Python", FAULT, found, "Use Python 3.10 to 3.13; 3.11 installs fastest.")


def check_libraries() -> list[Finding]:
    """Look for every library, and say which extra brings a missing one."""
    return [_library(library) for library in LIBRARIES]


def _library(library: Library) -> Finding:
    if importlib.util.find_spec(library.module) is not None:
        return Finding(library.distribution, OK, _version(library))
    required = library.module in REQUIRED
    remedy = f"pip install {library.distribution}"
    if library.extra:
        remedy = f"pip install 'rl_control[{library.extra}]'"
    if library.module == "pybullet" and sys.version_info >= (3, 12):
        remedy += " (compiles for about 4 minutes on this Python; 3.10 and 3.11 have wheels)"
    if library.module == "rclpy":
        remedy += ", or source your ROS 2 installation, not both"
    return Finding(
        library.distribution,
        FAULT if required else NOTE,
        f"not installed; needed for {library.use}",
        remedy,
    )


def _version(library: Library) -> str:
    try:
        return metadata.version(library.distribution)
    except metadata.PackageNotFoundError:
        return "installed"


def check_data() -> list[Finding]:
    """Look for the files that ship with the package."""
    findings = []
    for kind in DATA_KINDS:
        try:
            findings.append(Finding(f"{kind} files", OK, str(data_dir(kind))))
        except RlControlError as error:
            findings.append(Finding(f"{kind} files", FAULT, str(error), "Install again."))
    return findings


def check_robots() -> list[Finding]:
    """Load every named robot."""
    from rl_control.robot.description import load_robot, robot_names

    findings = []
    for name in robot_names():
        try:
            robot = load_robot(name)
        except RlControlError as error:
            findings.append(Finding(f"robot {name}", NOTE, "does not load", str(error)))
        else:
            findings.append(
                Finding(f"robot {name}", OK, f"{robot.n} joints, base to '{robot.tip}'")
            )
    return findings


def check_kernels() -> list[Finding]:
    """Look at the compiler, and at what it has compiled so far."""
    from rl_control.kernels import kernel_lanes

    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        lanes = kernel_lanes()
    if lanes > 1:
        compiler = Finding("machine code", OK, f"{lanes} numbers at once")
    else:
        why = "; ".join(str(warning.message) for warning in raised) or "no compiler"
        remedy = "Install llvmlite and numba for this processor; without them solves are slower."
        compiler = Finding("machine code", NOTE, why, remedy)
    return [compiler, _cache(cache_dir() / "kernels")]


def _cache(folder: Path) -> Finding:
    files = sorted(folder.glob("*.o")) if folder.is_dir() else []
    if not _writable(folder):
        return Finding(
            "kernel cache",
            NOTE,
            f"{folder} cannot be written: every start compiles again",
            "Set RL_CONTROL_CACHE to a folder that you may write to.",
        )
    megabytes = sum(file.stat().st_size for file in files) / 1e6
    # A file is NAME-HASH.o.
    names = sorted({file.stem.rpartition("-")[0] for file in files})
    more = ", ..." if len(names) > LISTED else ""
    listed = f": {', '.join(names[:LISTED])}{more}" if names else ""
    return Finding("kernel cache", OK, f"{len(files)} in {folder} ({megabytes:.1f} MB){listed}")


def _writable(folder: Path) -> bool:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK)


def check_screen() -> Finding:
    """Look for a screen to show the simulator on."""
    if not sys.platform.startswith("linux") or os.environ.get("DISPLAY"):
        return Finding("screen", OK, "the simulator's window can be shown (gui:=true)")
    return Finding("screen", NOTE, "none: everything but gui:=true works", "Set DISPLAY.")


def check_ros() -> list[Finding]:
    """Look at the ROS 2 installation, its settings, and whether two processes can talk."""
    spec = importlib.util.find_spec("rclpy")
    if spec is None:
        return []  # said among the libraries
    findings = [_ros_origin(str(spec.origin)), _ros_settings(os.environ)]
    findings.append(ping(PING_SECONDS))
    return findings


def _ros_origin(origin: str) -> Finding:
    sourced = os.environ.get("AMENT_PREFIX_PATH", "")
    wheel = "ros-jazzy-rclpy" in {d.metadata["Name"] for d in metadata.distributions()}
    if sourced and wheel:
        return Finding(
            "ROS 2",
            FAULT,
            f"two at once: pip's wheels and the sourced {sourced}",
            "Remove the wheels (pip uninstall ros-jazzy-rclpy), or do not source the other one.",
        )
    return Finding("ROS 2", OK, str(Path(origin).parent))


def _ros_settings(environment: Mapping[str, str]) -> Finding:
    reach = environment.get("ROS_AUTOMATIC_DISCOVERY_RANGE")
    domain = environment.get("ROS_DOMAIN_ID", "0")
    found = f"domain {domain}, discovery {reach or 'on the whole subnet (the default)'}"
    if reach in (None, "SUBNET"):
        return Finding(
            "ROS 2 network",
            NOTE,
            found,
            "Others on this network can see and command your nodes: set "
            "ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST if all of them run here.",
        )
    return Finding("ROS 2 network", OK, found)


def ping(seconds: float) -> Finding:
    """Let two processes of their own domain talk to each other for at most `seconds`."""
    what = "ROS 2 messages"
    environment = {
        **os.environ,
        **network_defaults(),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "ROS_DOMAIN_ID": os.environ.get("ROS_DOMAIN_ID", str(random.randint(1, 100))),
    }
    command = [sys.executable, "-m", "rl_control.ros.ping"]
    last = ["--seconds", str(seconds)]
    with subprocess.Popen(
        [*command, "talk", *last],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as talker:
        try:
            heard = subprocess.run(
                [*command, "listen", *last],
                env=environment,
                capture_output=True,
                text=True,
                timeout=seconds + 20.0,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Finding(what, FAULT, "the listener hangs", "Install rclpy again.")
        finally:
            talker.terminate()
    return _judge_ping(what, heard.stdout, heard.stderr)


def _judge_ping(what: str, said: str, complained: str) -> Finding:
    try:
        result = json.loads(said.strip().splitlines()[-1])
    except (IndexError, ValueError):
        why = complained.strip().splitlines()[-1:] or ["no output"]
        return Finding(what, FAULT, f"the listener failed: {why[0]}", "Install rclpy again.")
    if not result["received"]:
        return Finding(
            what,
            FAULT,
            "two processes on this machine do not hear each other",
            "Allow UDP and multicast on the loopback interface (firewall, container network), "
            "or try another ROS_DOMAIN_ID.",
        )
    return Finding(
        what,
        OK,
        f"two processes talk: first message after {result['discovery_s']:.1f} s, "
        f"latency {1e3 * result['latency_p50_s']:.2f} ms",
    )
