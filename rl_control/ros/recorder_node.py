"""The node bag_recorder: writes what is said on topics to a bag, whatever happens to it."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from std_srvs.srv import SetBool, Trigger

from rl_control.data.bags.types import definition_of
from rl_control.data.bags.writer import BagWriter
from rl_control.errors import DataError
from rl_control.paths import new_run_dir
from rl_control.ros import qos
from rl_control.ros.diagnostics import ERROR, OK, WARN, diagnostic_message
from rl_control.ros.node import ManagedNode
from rl_control.ros.recorder_config import RecorderConfig
from rl_control.ros.recorder_inlets import Inlets

_MB = 1_000_000
_SHORT = 600.0  # [s] of recording left at which it warns


@dataclass(frozen=True)
class Progress:
    """How a recording gets on.

    Attributes:
        seconds: since its start.
        counts: number of messages by topic.
        rates: messages a second by topic, since an earlier progress.
        size: bytes on the disk.
        growth: bytes a second, since an earlier progress.
        lost: messages that were sent and did not come, as far as that can be known.
        left: time in [s] for which there is space at this growth; infinite while none is known.
    """

    seconds: float
    counts: dict[str, int]
    rates: dict[str, float]
    size: int
    growth: float
    lost: int
    left: float


class BagRecorder(ManagedNode):
    """Records topics.

    Topics are looked for all the time. Each is asked for with what its publishers offer. Messages
    are not unpacked: they are taken as bytes, many at a time, and carry the times at which they
    were sent and received. A full disk or a removed folder ends the bag and not the node, which
    says it once, and in its diagnostics from then on.
    """

    node_name = "bag_recorder"
    config_class = RecorderConfig

    def build(self) -> None:
        """Load what describes messages."""
        definition_of("std_msgs/msg/String")

    def start(self) -> None:
        """Make the bag and begin."""
        config: RecorderConfig = self.config
        folder = Path(config.folder) if config.folder else new_run_dir("record") / "bag"
        self.writer = BagWriter(
            folder,
            split_bytes=round(config.split_size * _MB),
            flush_time=config.flush_time,
            reserve_bytes=round(config.reserve * _MB),
        )
        self.inlets = Inlets(self, config, self._write, self.get_logger().warning)
        self.paused = config.paused
        self._known: set[str] = set()
        self._said_failure = self._said_short = False
        self.began = time.monotonic()
        self._reported: Progress | None = None
        self._reports = self.publisher(DiagnosticArray, "/diagnostics", qos.events())
        self.serve(SetBool, "~/pause", self._on_pause)
        self.serve(Trigger, "~/split", self._on_split)
        self.every(config.take_period, self.take)
        self.every(config.discovery_period, self.inlets.discover)
        self.every(1.0 / config.diagnostics_rate, self._report)
        self.inlets.discover()
        self.get_logger().info(f"recording to {folder}{' (paused)' if self.paused else ''}")

    def halt(self) -> None:
        """Take what is still there and end the bag."""
        self.inlets.drain()
        self.inlets.close()
        self.close_topics()
        try:
            self.writer.close()
        except DataError as error:
            self._say_failure(error)
        else:
            self.get_logger().info(
                f"recorded {sum(self.writer.counts.values()):,} messages "
                f"({self.inlets.lost:,} lost), {self.writer.size / _MB:.1f} MB: "
                f"{self.writer.folder}"
            )

    def take(self) -> None:
        """Move what has come in to the bag.

        Raises:
            DataError: if the bag has been ended early, and the node is to end with it.
        """
        self.inlets.drain()
        failure = self.writer.failure
        if failure is not None:
            self._say_failure(failure)
            if self.config.end_when_full:
                raise failure

    def progress(self, before: Progress | None = None) -> Progress:
        """Return how the recording gets on, with rates since an earlier one or the start."""
        seconds = time.monotonic() - self.began
        counts, size = self.writer.counts, self.writer.size
        passed = max(seconds - (before.seconds if before else 0.0), 1e-3)
        gained = Counter(counts)
        gained.subtract(before.counts if before else {})
        growth = (size - (before.size if before else 0)) / passed
        return Progress(
            seconds=seconds,
            counts=counts,
            rates={topic: count / passed for topic, count in gained.items()},
            size=size,
            growth=growth,
            lost=self.inlets.lost,
            left=self._free() / growth if growth > 0.0 else float("inf"),
        )

    def _write(self, topic: str, raw: bytes, received: int, published: int | None) -> None:
        heard = self.inlets.heard[topic]
        # What is latched is sent once: whoever goes on later needs it all the same.
        if self.writer.failure is not None or (self.paused and not heard.latched):
            return
        try:
            if topic not in self._known:
                self.writer.topic(topic, heard.kind, self.inlets.offered(topic))
                self._known.add(topic)
            self.writer.write(topic, raw, received, published)
        except DataError:
            if self.writer.failure is None:
                raise

    def _report(self) -> None:
        self._reported = progress = self.progress(self._reported)
        level, summary = self._state(progress)
        values = {
            "bag": self.writer.folder,
            "seconds": progress.seconds,
            "messages": sum(progress.counts.values()),
            "lost": progress.lost,
            "topics": len(progress.counts),
            "megabytes": progress.size / _MB,
            "megabytes_per_second": progress.growth / _MB,
            "megabytes_free": self._free() / _MB,
            "rate": progress.rates,
        }
        stamp = self.get_clock().now().to_msg()
        self._reports.publish(
            diagnostic_message(self.get_name(), "", level, summary, values, stamp)
        )

    def _state(self, progress: Progress) -> tuple[bytes, str]:
        if self.writer.failure is not None:
            return ERROR, str(self.writer.failure)
        if progress.left < _SHORT:
            words = f"space for {progress.left / 60.0:.1f} min more"
            if not self._said_short:
                self._said_short = True
                self.get_logger().warning(f"{words}: make space, or end the recording")
            return WARN, words
        if self.paused:
            return OK, "paused"
        if progress.lost:
            return WARN, f"recording; {progress.lost:,} messages have been lost"
        return OK, "recording"

    def _free(self) -> float:
        """Bytes that may still be written."""
        try:
            free = shutil.disk_usage(self.writer.folder).free
        except OSError:
            return 0.0
        return max(0.0, free - self.config.reserve * _MB)

    def _say_failure(self, failure: DataError) -> None:
        if not self._said_failure:
            self._said_failure = True
            self.get_logger().error(str(failure))

    def _on_pause(self, request: Any, response: Any) -> Any:
        self.inlets.drain()
        self.paused = request.data
        response.success = True
        response.message = "paused" if self.paused else "recording"
        self.get_logger().info(response.message)
        return response

    def _on_split(self, request: Any, response: Any) -> Any:
        try:
            self.writer.split()
        except DataError as error:
            response.success, response.message = False, str(error)
        else:
            response.success, response.message = True, "the next file has been begun"
        return response
