"""A recorder beside a job: whatever fails of it, the job runs."""

from __future__ import annotations

import importlib.util

import pytest
from std_msgs.msg import String

from rl_control.data.bags.info import bag_info
from rl_control.ros import recording_beside as module
from rl_control.ros.recording_beside import NODE, recording_beside

_find_spec = importlib.util.find_spec


@pytest.fixture
def said(ros, monkeypatch):
    """What is said; processes that are started find those of `ros`."""
    monkeypatch.setenv("ROS_DOMAIN_ID", ros.environment["ROS_DOMAIN_ID"])
    return []


def never(node: str) -> bool:
    return False


def test_when_the_library_is_missing_expect_one_warning_and_the_job_done(
    said, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "mcap" else _find_spec(name)
    )
    done = []
    with recording_beside(tmp_path / "bag", never, said.append):
        done.append(True)
    assert done
    (line,) = said
    assert line.startswith("warning: not recorded, mcap is not installed")
    assert not (tmp_path / "bag").exists()


def test_when_the_recorder_cannot_start_expect_one_warning_and_the_job_done(said, tmp_path) -> None:
    (tmp_path / "bag").mkdir()  # it refuses what exists
    done = []
    with recording_beside(tmp_path / "bag", never, said.append):
        done.append(True)
    assert done
    assert said == ["warning: not recorded, the recorder did not start"]


def test_when_the_recorder_is_never_heard_of_expect_it_ended_and_the_job_done(
    said, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(module, "START_TIME", 0.1)
    with recording_beside(tmp_path / "bag", never, said.append):
        pass
    assert said == ["warning: not recorded, the recorder did not start"]


@pytest.mark.parametrize("killed", [False, True], ids=["", "recorder killed"])
def test_when_the_job_fails_expect_its_error_and_what_was_recorded_told(
    ros, said, tmp_path, monkeypatch, killed
) -> None:
    publisher = ros.talk(String, "/said")
    started = []
    popen = module.subprocess.Popen

    def start(*words, **more):
        started.append(popen(*words, **more))
        return started[-1]

    monkeypatch.setattr(module.subprocess, "Popen", start)

    def listens(node: str) -> bool:
        ros.spin(0.02)
        found = ros.node.get_subscriptions_info_by_topic("/said")
        return any(info.node_name == node == NODE for info in found)

    bag = tmp_path / "bag"
    with pytest.raises(ZeroDivisionError), recording_beside(bag, listens, said.append):
        publisher.publish(String(data="here"))
        ros.spin(1.0)
        if killed:
            started[0].kill()
            started[0].wait()
        raise ZeroDivisionError
    (line,) = said
    if killed:
        assert line == f"warning: not all was recorded; what there is: rl_control bag recover {bag}"
    else:
        assert line == f"recorded {bag}"
        info = bag_info(bag)
        assert info.whole
        assert [topic.count for topic in info.topics if topic.name == "/said"] == [1]
