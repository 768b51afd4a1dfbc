"""`rl_control train --ros`: the same training on an arm behind ROS 2 topics."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from rl_control.ros.plant_config import RosPlantConfig
from rl_control.ros.process import StopRequest
from rl_control.ros.train_place import ArmBehindTopics
from rl_control.ros.train_requests import Requests
from rl_control.ros.verb_process import run_verb
from rl_control.run import train
from rl_control.run.train_settings import TrainSettings


def main(argv: Sequence[str] | None = None) -> int:
    """Train as `rl_control train` does; return the exit code."""
    return run_verb("train", train.add_arguments, _train, argv)


def _train(args: argparse.Namespace) -> int:
    logging.getLogger("rl_control").addHandler(logging.NullHandler())  # what matters is said
    requests = Requests(lambda: stop.requested)
    stop = StopRequest()  # it knows whether the process that started this one has died
    _heed_signals(requests)
    topics = RosPlantConfig(state_topic=args.state_topic, command_topic=args.command_topic)

    def place(settings: TrainSettings) -> ArmBehindTopics:
        return ArmBehindTopics(settings, topics, requests, record=not args.no_record)

    return train.train_with(args, place)


def _heed_signals(requests: Requests) -> None:
    """Bring an arm in motion to rest before the process ends; a second signal ends it at once."""

    def heed(number: int, frame: FrameType | None) -> None:
        if requests.ended or not requests.moving:
            raise KeyboardInterrupt
        requests.end()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, heed)


if __name__ == "__main__":
    sys.exit(main())
