"""Real node processes over real DDS for tests: each test in a domain of its own, all bounded."""

import os
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from rl_control.ros import qos
from rl_control.ros.diagnostics import diagnostic_values

ROOT = Path(__file__).parents[2]
PD_CONTROLLER = str(Path(__file__).with_name("pd_controller.py"))
_domains = count(os.getpid())


class Process:
    """A node in a process of its own, whose output goes to a file."""

    def __init__(self, command, log: Path, environment) -> None:
        self.log = log
        with log.open("w") as out:
            self.popen = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT,
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def signal(self, number) -> None:
        self.popen.send_signal(number)

    def wait(self, timeout: float = 15.0) -> int:
        return self.popen.wait(timeout)

    def end(self) -> None:
        if self.popen.poll() is None:
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait(5)


class Harness:
    """Starts nodes and listens to them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        domain = 10 + next(_domains) % 80
        self.environment = {
            **os.environ,
            "ROS_DOMAIN_ID": str(domain),
            "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
            "FASTDDS_BUILTIN_TRANSPORTS": "UDPv4",
            "ROS_LOG_DIR": str(folder),
            "PYTHONUNBUFFERED": "1",
        }
        os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
        os.environ["FASTDDS_BUILTIN_TRANSPORTS"] = "UDPv4"
        self.context = rclpy.Context()
        rclpy.init(
            context=self.context, domain_id=domain, signal_handler_options=SignalHandlerOptions.NO
        )
        self.node = Node("probe", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.reports: dict[str, dict[str, str]] = {}
        self.summaries: dict[str, str] = {}
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._on_report, 10)
        self.processes: list[Process] = []

    def _on_report(self, message) -> None:
        for status in message.status:
            self.reports[status.name] = diagnostic_values(message, status.name)
            self.summaries[status.name] = status.message

    def start(self, what: str, *arguments: str, **parameters) -> Process:
        """Start "arm_sim", "mpc_controller", "pd" (a test's own controller) or "launch"."""
        rules = [text for k, v in parameters.items() for text in ("-p", f"{k}:={_text(v)}")]
        ros = ["--ros-args", "-p", "diagnostics_rate:=10.0", *rules]
        command = {
            "pd": [PD_CONTROLLER, *arguments, *ros],
            "launch": ["-m", "rl_control", "launch", *arguments],
        }.get(what, ["-m", f"rl_control.ros.{what}", *arguments, *ros])
        log = self.folder / f"{what}-{len(self.processes)}.log"
        self.processes.append(Process(command, log, self.environment))
        return self.processes[-1]

    def listen(self, kind, topic, quality=None) -> list:
        """Return a list that fills with the messages on `topic`."""
        heard: list = []
        self.node.create_subscription(kind, topic, heard.append, quality or qos.states(depth=1000))
        return heard

    def talk(self, kind, topic, quality=None):
        return self.node.create_publisher(kind, topic, quality or qos.commands())

    def spin(self, seconds: float) -> None:
        self.until(lambda: False, seconds, must=False)

    def until(self, condition, timeout: float = 20.0, must: bool = True) -> bool:
        """Spin until `condition()`; fail with all output if it does not come true in time."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if condition():
                return True
            self.executor.spin_once(timeout_sec=0.02)
        if must:
            logs = "\n".join(f"--- {p.log.name}\n{p.output}" for p in self.processes)
            raise AssertionError(f"not within {timeout} s; {self.summaries} {self.reports}\n{logs}")
        return False

    def until_ended(self, process: Process, timeout: float = 20.0) -> int:
        self.until(lambda: process.popen.poll() is not None, timeout)
        return process.popen.returncode

    def summary(self, node: str) -> str:
        return self.summaries.get(node, "")

    def figure(self, node: str, key: str) -> float:
        return float(self.reports.get(node, {}).get(key, "nan"))

    def close(self) -> None:
        for process in self.processes:
            process.end()
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


def _text(value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
