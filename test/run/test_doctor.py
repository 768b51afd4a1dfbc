"""What the doctor finds, and the remedies it names."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os

import pytest

from rl_control.run import checks, doctor
from rl_control.run.checks import FAULT, NOTE, OK, Finding


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    doctor.add_arguments(parser)
    return parser.parse_args(words)


@pytest.fixture
def hidden(monkeypatch):
    """Make libraries look as if they were not installed."""
    real = importlib.util.find_spec

    def hide(*modules):
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name: None if name in modules else real(name)
        )

    return hide


def by_what(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.what: finding for finding in findings}


def test_when_a_needed_library_is_missing_expect_a_fault_with_its_remedy(hidden):
    hidden("casadi")
    found = by_what(checks.check_libraries())["casadi"]
    assert found.level == FAULT
    assert "pip install casadi" in found.remedy


def test_when_an_optional_library_is_missing_expect_a_note_naming_the_extra(hidden):
    hidden("matplotlib", "rclpy")
    found = by_what(checks.check_libraries())
    assert found["matplotlib"].level == NOTE
    assert "rl_control[viz]" in found["matplotlib"].remedy
    assert "ROS 2 installation" in found["ros-jazzy-rclpy"].remedy


@pytest.mark.parametrize(
    ("module", "level", "remedy"),
    [
        ("mcap", FAULT, "pip install mcap"),
        ("rosbags", FAULT, "pip install rosbags"),
        ("optuna", NOTE, "rl_control[tune]"),
        ("viser", NOTE, "rl_control[view]"),
        ("mkdocs", NOTE, "rl_control[docs]"),
    ],
)
def test_when_a_library_of_the_operator_s_tools_is_missing_expect_how_bad_that_is(
    hidden, module, level, remedy
):
    hidden(module)
    (found,) = [f for f in checks.check_libraries() if f.what.startswith(module)]
    assert found.level == level
    assert remedy in found.remedy


def test_when_rclpy_is_missing_expect_no_processes_started(hidden):
    hidden("rclpy")
    assert checks.check_ros() == []


def test_when_named_robots_load_expect_their_joints_told():
    found = by_what(checks.check_robots())
    assert found["robot planar2"].level == OK
    assert "2 joints" in found["robot planar2"].found


def test_when_kernels_are_cached_expect_them_listed(tmp_path, monkeypatch):
    monkeypatch.setenv("RL_CONTROL_CACHE", str(tmp_path))
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "expand-0123.o").write_bytes(b"x" * 1000)
    found = by_what(checks.check_kernels())["kernel cache"]
    assert found.level == OK
    assert "1 in" in found.found
    assert "expand" in found.found


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_when_the_cache_cannot_be_written_expect_the_variable_named(tmp_path, monkeypatch):
    tmp_path.chmod(0o500)
    monkeypatch.setenv("RL_CONTROL_CACHE", str(tmp_path / "cache"))
    found = by_what(checks.check_kernels())["kernel cache"]
    assert found.level == NOTE
    assert "RL_CONTROL_CACHE" in found.remedy


def test_when_discovery_is_not_limited_expect_a_warning_about_the_network():
    assert checks._ros_settings({}).level == NOTE
    assert checks._ros_settings({"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}).level == OK


@pytest.mark.parametrize(
    ("said", "complained", "level", "words"),
    [
        ("", "ImportError: no rclpy", FAULT, "ImportError"),
        ('{"received": 0}', "", FAULT, "do not hear"),
        ('{"received": 9, "discovery_s": 0.2, "latency_p50_s": 3e-4}', "", OK, "0.30 ms"),
    ],
)
def test_when_the_listener_has_ended_expect_its_words_judged(said, complained, level, words):
    found = checks._judge_ping("ROS 2 messages", said, complained)
    assert found.level == level
    assert words in found.found
    assert bool(found.remedy) == (level != OK)


def test_when_two_processes_may_talk_expect_that_they_do():
    pytest.importorskip("rclpy")
    found = checks.ping(8.0)
    assert found.level == OK, found


def test_when_all_is_well_expect_success_and_the_findings_as_json(tmp_path, capsys):
    assert doctor.run(parse("--no-ros", "--json", str(tmp_path / "d.json"))) == 0
    read = json.loads((tmp_path / "d.json").read_text())
    assert {"what", "level", "found", "remedy"} == set(read["findings"][0])
    assert "All is well" in capsys.readouterr().out


def test_when_something_is_broken_expect_exit_code_1_and_the_remedy(monkeypatch, capsys):
    fault = Finding("Python", FAULT, "too old", "Use [a] newer one.")
    monkeypatch.setattr(checks, "check_python", lambda: fault)
    assert doctor.run(parse("--no-ros")) == 1
    assert "Use [a] newer one." in capsys.readouterr().out
