"""What is logged of trouble that lasts."""

from rl_control.ros.log_once import LogOnce


def test_when_trouble_lasts_expect_one_line_and_another_when_it_changes_or_returns():
    lines = []
    log = LogOnce(lines.append)
    for what in ("a", "a", ValueError("b"), ValueError("b")):
        log.say("state", what)
    log.say("tip", "b")
    assert lines == ["a", "b", "b"]
    assert log.said("state") == "b"
    log.over("state")
    assert (log.said("state"), log.said("tip")) == ("", "b")
    log.say("state", "b")
    assert lines == ["a", "b", "b", "b"]
    log.clear()
    assert log.said("state") == log.said("tip") == ""
