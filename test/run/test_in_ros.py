"""A verb's arguments as the command line that gives them."""

from __future__ import annotations

import argparse

import pytest

from rl_control.errors import MissingDependencyError
from rl_control.run import in_ros as module
from rl_control.run import learn, record, replay_topics, train
from rl_control.run.in_ros import in_ros, words
from rl_control.run.supervisor import PARENT_VARIABLE


def parsed(verb: object, *given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    verb.add_arguments(parser)  # type: ignore[attr-defined]
    return parser.parse_args(given)


@pytest.mark.parametrize(
    ("verb", "given"),
    [
        (train, ()),
        (train, ("reach", "--ros", "--seed", "0", "--from-nothing", "--rate", "500")),
        (train, ("a.py:B", "--episode", "duration=2", "target=1,2,3", "--out", "x", "--resume")),
        (train, ("reach", "--mdgps.policy.hidden", "8", "9", "--no-mdgps.initial.gravity")),
        (train, ("--resume", "runs/one", "--state-topic", "/arm/states", "--json", "a b.json")),
        (learn, ("--ros", "--robot", "planar2", "--fit.known", "--payload", "2.5")),
        (record, ("/a", "b/*", "--exclude", "/c", "/d e", "--all", "--duration", "2.5")),
        (record, ("--output", "x y", "--split-size", "0")),
        (learn, ("--from-nothing", "--no-fit.known", "--fit.nets.hidden", "8", "16")),
    ],
)
def test_when_arguments_are_written_again_expect_the_same(verb: object, given: tuple[str, ...]):
    args = parsed(verb, *given)
    assert parsed(verb, *words(args, verb.add_arguments)) == args  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("verb", "name", "words", "asked"),
    [
        (train, "train", ["reach"], "'rl_control train --ros'"),
        (replay_topics, "replay_topics", ["bag"], "'rl_control replay topics'"),
    ],
)
def test_when_ros_is_missing_expect_what_asked_for_it_named(
    monkeypatch: pytest.MonkeyPatch, verb, name, words, asked
) -> None:
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=f"^{asked} needs rclpy"):
        in_ros(name, parsed(verb, *words), verb.add_arguments)


def test_when_a_verb_goes_on_elsewhere_expect_its_exit_code_and_the_parent_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = {}

    class Child:
        def __init__(self, command: list[str], env: dict[str, str]) -> None:
            asked.update(command=command, env=env)

        def __enter__(self) -> Child:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def wait(self) -> int:
            return 3

    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: object())
    monkeypatch.setattr(module.subprocess, "Popen", Child)
    assert in_ros("train", parsed(train, "reach", "--ros"), train.add_arguments) == 3
    assert asked["command"][1:] == ["-m", "rl_control.ros.train", "reach", "--ros"]
    assert asked["env"][PARENT_VARIABLE] == str(module.os.getpid())
