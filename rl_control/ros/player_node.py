"""The node bag_player: publishes what a bag holds, as it was recorded."""

from __future__ import annotations

import time
from typing import Any

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from rosgraph_msgs.msg import Clock
from std_srvs.srv import SetBool

from rl_control.data.bags.messages import open_bag
from rl_control.data.bags.play import CLOCK, PlayedTopic, latched_before, playlist
from rl_control.data.bags.read_ahead import ReadAhead
from rl_control.errors import ConfigError, DataError
from rl_control.ros import diagnostics, qos
from rl_control.ros.node import ManagedNode
from rl_control.ros.play_clock import PlayClock
from rl_control.ros.play_publisher import installed, quality_of
from rl_control.ros.play_safety import check_listeners, check_replay, refuse_others
from rl_control.ros.player_config import PlayerConfig
from rl_control.ros.process import LONGEST_WAIT, Stopped

_TURN = 0.03  # [s] of publishing without a look at services
_NEAR = 0.002  # [s] that are slept through rather than spent on a turn of the executor
_CHECK_PERIOD = 1.0  # [s] between two looks who else is there
_SHORTEST_ROUND = 0.01  # [s] of a loop
_NANO = 1_000_000_000


class BagPlayer(ManagedNode):
    """Publishes the serialized messages of a bag with their recorded spacing and qualities."""

    node_name = "bag_player"
    config_class = PlayerConfig

    def build(self) -> None:
        """Open the bag and choose what is published.

        Raises:
            ConfigError: if no bag is named, or new names cannot be used.
            DataError: if the bag cannot be used.
            UnknownNameError: if it lacks a topic that is named.
        """
        config = self.config
        if not config.bag:
            raise ConfigError("parameters", "bag", "is empty", "Name a bag.")
        self.release()
        self._bag = bag = open_bag(config.bag)
        own_clock = any(c.topic == CLOCK for c in bag.connections)
        self._clock_rate = config.clock_rate if config.clock and not own_clock else 0.0
        self._list = playlist(
            bag, config.start, config.duration, config.topics, config.remap,
            config.with_commands, clock=bool(self._clock_rate),
        )  # fmt: skip
        if config.loop and self._list.seconds < _SHORTEST_ROUND:
            problem = f"the messages are all within {self._list.seconds:g} s"
            raise ConfigError("parameters", "loop", problem, "Play a longer part again and again.")
        self._latched = latched_before(bag, self._list)

    def start(self) -> None:
        """Create the publishers; messages follow once others are known."""
        self._senders: dict[str, Any] = {}
        self._topic_of: dict[int, PlayedTopic] = {}
        self._heard: dict[str, int] = {}
        self.left_out = dict(self._list.left_out)
        for topic in self._list.topics:
            self._advertise(topic)
        self._played = [t for t in self._list.topics if t.name in self._senders]
        for name, reason in self.left_out.items():
            self.get_logger().info(f"left out {name}: {reason}")
        if not self._played:
            raise DataError(self._bag.path, "nothing to publish", "Install the messages' packages.")
        self.published, self.rounds, self._late = 0, 0, 0.0
        self._ahead: ReadAhead | None = None
        self._time: PlayClock | None = None
        self.finished, self.paused = False, bool(self.config.paused)
        self._begin_at = time.monotonic() + self.config.discovery_time
        self.serve(SetBool, "~/pause", self._on_pause)
        self._reports = self.publisher(DiagnosticArray, "/diagnostics", qos.events())
        if self._clock_rate:
            self._clock_topic = self.publisher(Clock, CLOCK, qos.states())
            self.every(1.0 / self._clock_rate, self._tell_time)
        self.every(_CHECK_PERIOD, self._check)
        self.every(1.0 / self.config.diagnostics_rate, self._report)

    def halt(self) -> None:
        """Stop publishing."""
        self._end_reading()
        self.close_topics()
        self._time = None

    def release(self) -> None:
        """Close the bag."""
        if hasattr(self, "_bag"):
            self._bag.close()
            del self._bag

    def poll(self, ahead: float = 0.0) -> float:
        """Publish what is due, and what comes so soon that a turn of the executor would be late."""
        begun = time.monotonic()
        while True:
            waiting = min(super().poll(ahead), self._advance())
            if waiting > _NEAR:
                return waiting - 0.5 * _NEAR
            if time.monotonic() - begun > _TURN:
                return 0.0
            if waiting > 0.0:
                time.sleep(waiting)

    @property
    def position(self) -> float:
        """Time since the bag's begin in [s]."""
        at = self._list.start if self._time is None else self._time.bag_time(time.monotonic())
        return (min(at, self._list.end) - self._bag.start_time) / _NANO

    @property
    def seconds(self) -> float:
        """Length of the bag in [s]."""
        return (self._bag.end_time - self._bag.start_time) / _NANO

    def pause(self, wanted: bool) -> None:
        """Stand still, or go on."""
        self.paused = wanted
        if self._time is not None:
            (self._time.pause if wanted else self._time.resume)(time.monotonic())

    def _advertise(self, topic: PlayedTopic) -> None:
        if topic.name.startswith(f"{self.get_fully_qualified_name()}/"):
            self.left_out[topic.recorded] = "this player has a topic of that name"
            return
        kind = installed(topic.kind)
        if kind is None:
            self.left_out[topic.recorded] = f"its type {topic.kind} is not installed"
            return
        publisher = self.publisher(kind, topic.name, quality_of(topic))
        found = [
            str(info.topic_type_hash)
            for info in self.get_publishers_info_by_topic(topic.name)
            if info.node_name == self.get_name()
        ]
        if topic.digest and found and topic.digest not in found and "RIHS01_" in found[0]:
            self.left_out[topic.recorded] = f"its type {topic.kind} is defined otherwise here"
            return
        self._senders[topic.name] = publisher
        self._topic_of.update({c.id: topic for c in topic.connections})

    def _begin(self) -> None:
        """Begin at the start, latched messages of before first."""
        self._check()
        for topic, raw in self._latched:
            self._publish(topic, raw)
        connections = [c for topic in self._played for c in topic.connections]
        messages = self._bag.messages(connections, self._list.start, self._list.end + 1)
        self._ahead = ReadAhead(messages)
        self._ahead.first()
        now = time.monotonic()
        self._time = PlayClock(self._list.start, self.config.rate, now, self.paused)

    def _advance(self) -> float:
        """Publish the next message if it is due; return the time in [s] until something is due."""
        now = time.monotonic()
        if not self.active or self.finished:
            return LONGEST_WAIT
        if self._time is None:
            if now < self._begin_at:
                return self._begin_at - now
            self._begin()
        assert self._ahead is not None and self._time is not None
        entry = self._ahead.first()
        if entry is None:
            rest = self._time.remaining(self._list.end, now)
            return rest if rest > 0.0 else self._end()
        remaining = self._time.remaining(entry[1], now)
        if remaining > 0.0:
            return remaining
        self._late = max(self._late, -remaining)
        self._ahead.take()
        self._publish(self._topic_of[entry[0].id], entry[2])
        return 0.0

    def _publish(self, topic: PlayedTopic, raw: bytes) -> None:
        publisher = self._senders.get(topic.name)
        if publisher is None:
            return
        if topic.moves:
            listening = publisher.get_subscription_count()
            if listening != self._heard.get(topic.name, 0):
                check_listeners(self, topic, self.config.heard_by)
                self._heard[topic.name] = listening
        publisher.publish(raw)
        self.published += 1

    def _end(self) -> float:
        self._end_reading()
        self.rounds += 1
        if self.config.loop:
            self._begin()
            return 0.0
        self.finished = True
        self.get_logger().info(f"published {self.published} messages to the end of the bag")
        if self.config.leave:
            for publisher in self._senders.values():
                self.deliver(publisher)
            raise Stopped
        return LONGEST_WAIT

    def _end_reading(self) -> None:
        if self._ahead is not None:
            self._ahead.close()
            self._ahead = None

    def _check(self) -> None:
        if time.monotonic() < self._begin_at or self.finished:
            return
        check_replay(self, self._played, self.config.heard_by, self.config.anyway)
        if self._clock_rate and not self.config.anyway:
            refuse_others(self, CLOCK)

    def _on_pause(self, request: Any, response: Any) -> Any:
        self.pause(request.data)
        response.success = True
        response.message = "paused" if self.paused else f"going on at {self.position:.3f} s"
        return response

    def _tell_time(self) -> None:
        if self._time is not None:
            at = min(self._time.bag_time(time.monotonic()), self._list.end)
            seconds, nanoseconds = divmod(at, _NANO)
            self._clock_topic.publish(Clock(clock=Time(sec=seconds, nanosec=nanoseconds)))

    def _report(self) -> None:
        summary = "finished" if self.finished else "paused" if self.paused else "playing"
        if self._time is None:
            summary = "waiting until other nodes are known"
        values = {
            "position_s": self.position,
            "length_s": self.seconds,
            "rate": self.config.rate,
            "published": self.published,
            "rounds": self.rounds,
            "latest_ms": 1e3 * self._late,
            "left_out": self.left_out,
        }
        self._late = 0.0
        stamp = self.get_clock().now().to_msg()
        message = diagnostics.diagnostic_message(
            self.get_name(), str(self._bag.path), diagnostics.OK, summary, values, stamp
        )
        self._reports.publish(message)
