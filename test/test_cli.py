from __future__ import annotations

import argparse
import errno
import subprocess
import sys
from types import SimpleNamespace

import pytest

import rl_control
from rl_control import cli
from rl_control.errors import PlantError


def fake_verb(monkeypatch: pytest.MonkeyPatch, run, name: str = "reach") -> None:
    """Let the verb `name` be a stand-in whose `run` is given."""

    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--targets", type=int, default=7)

    module = SimpleNamespace(HELP="help text", add_arguments=add_arguments, run=run)
    monkeypatch.setitem(sys.modules, f"rl_control.run.{name}", module)


def test_when_a_verb_runs_expect_its_status_and_its_arguments(monkeypatch) -> None:
    seen = []
    fake_verb(monkeypatch, lambda args: seen.append(args.targets) or 1)
    assert cli.main(["reach", "--targets", "3"]) == 1
    assert seen == [3]


def test_when_no_verb_is_given_expect_the_help(capsys) -> None:
    assert cli.main([]) == 0
    out = capsys.readouterr().out
    assert all(verb in out for verb in cli.VERBS)
    assert "examples:" in out


def test_when_the_version_is_asked_expect_it(capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert rl_control.__version__ in capsys.readouterr().out


def test_when_the_verb_is_unknown_expect_the_nearest_and_status_2(capsys) -> None:
    assert cli.main(["dmeo"]) == 2
    error = capsys.readouterr().err
    assert "unknown verb 'dmeo'" in error and "did you mean 'demo'" in error
    assert error.count("\n") == 1


def test_when_a_flag_is_misspelt_expect_the_nearest_and_status_2(monkeypatch, capsys) -> None:
    fake_verb(monkeypatch, lambda args: pytest.fail("must not run"))
    assert cli.main(["reach", "--target=3"]) == 2
    assert "did you mean '--targets'" in capsys.readouterr().err


def test_when_a_flag_has_a_bad_value_expect_status_2(monkeypatch) -> None:
    fake_verb(monkeypatch, lambda args: pytest.fail("must not run"))
    with pytest.raises(SystemExit) as stop:
        cli.main(["reach", "--targets", "many"])
    assert stop.value.code == 2


def raising(error: BaseException):
    def run(args: argparse.Namespace) -> int:
        raise error

    return run


def test_when_our_error_is_raised_expect_one_message_and_status_2(monkeypatch, capsys) -> None:
    fake_verb(monkeypatch, raising(PlantError("the arm is gone. Start it again.")))
    assert cli.main(["reach"]) == 2
    assert capsys.readouterr().err == "rl_control: error: the arm is gone. Start it again.\n"


def test_when_a_file_cannot_be_written_expect_one_message_and_status_2(monkeypatch, capsys) -> None:
    fake_verb(monkeypatch, raising(PermissionError(13, "Permission denied", "/root/x.json")))
    assert cli.main(["reach"]) == 2
    assert "/root/x.json: Permission denied" in capsys.readouterr().err


def test_when_interrupted_expect_status_130(monkeypatch, capsys) -> None:
    fake_verb(monkeypatch, raising(KeyboardInterrupt()))
    assert cli.main(["reach"]) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_when_an_extra_is_missing_expect_the_way_to_install_it(monkeypatch, capsys) -> None:
    fake_verb(monkeypatch, raising(ModuleNotFoundError("no", name="pybullet")))
    assert cli.main(["reach"]) == 2
    assert "pip install 'rl_control[sim]'" in capsys.readouterr().err


def test_when_an_unforeseen_error_is_raised_expect_it_to_pass_through(monkeypatch) -> None:
    fake_verb(monkeypatch, raising(ModuleNotFoundError("no", name="own_typo")))
    with pytest.raises(ModuleNotFoundError):
        cli.main(["reach"])


@pytest.mark.parametrize("verb", sorted(cli.VERBS))
def test_when_help_of_a_verb_is_asked_expect_it_to_name_options(verb: str, capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main([verb, "--help"])
    assert stop.value.code == 0
    assert f"rl_control {verb}" in capsys.readouterr().out


def test_when_run_as_a_module_expect_the_same_program() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "rl_control", "nonsense"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 2
    assert "unknown verb 'nonsense'" in result.stderr


def test_when_the_reader_of_the_output_leaves_expect_no_traceback() -> None:
    result = subprocess.run(
        f"{sys.executable} -u -m rl_control | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in result.stderr


def test_when_the_disk_is_full_expect_it_said_and_status_2(monkeypatch, capsys) -> None:
    fake_verb(monkeypatch, raising(OSError(errno.ENOSPC, "No space left on device")))
    assert cli.main(["reach"]) == 2
    assert "the disk is full" in capsys.readouterr().err
