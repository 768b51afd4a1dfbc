from __future__ import annotations

from pathlib import Path

import pytest

from rl_control.errors import InstallationError, UnknownNameError
from rl_control.paths import cache_dir, data_dir, find_data, new_run_dir

SITE = "lib/python3.11/site-packages"


def install(prefix: Path, module: str) -> Path:
    """Lay out what an installer puts under `prefix`; return the module's path."""
    file = prefix / module
    file.parent.mkdir(parents=True)
    file.touch()
    (prefix / "share/rl_control/urdf").mkdir(parents=True)
    return file


def test_when_in_a_checkout_expect_its_own_folder() -> None:
    assert data_dir("urdf") == Path(__file__).resolve().parents[1] / "urdf"


def test_when_the_kind_is_unknown_expect_the_nearest_named() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'urdf'"):
        data_dir("urdfs")


@pytest.mark.parametrize(
    "module",
    [
        f"{SITE}/rl_control/paths.py",  # a venv, a user install, colcon isolated or merged
        "local/lib/python3.11/dist-packages/rl_control/paths.py",  # Debian's system pip
        "rl_control/paths.py",  # pip install --target
    ],
)
def test_when_installed_under_a_prefix_expect_its_share(tmp_path: Path, module: str) -> None:
    assert find_data(install(tmp_path, module), "urdf") == tmp_path / "share/rl_control/urdf"


def test_when_the_build_folder_links_to_a_checkout_expect_the_checkout(tmp_path: Path) -> None:
    source = tmp_path / "src/rl_control"
    (source / "rl_control").mkdir(parents=True)
    (source / "rl_control/paths.py").touch()
    (source / "package.xml").touch()
    (source / "launch").mkdir()
    build = tmp_path / "build/rl_control"
    build.mkdir(parents=True)
    (build / "rl_control").symlink_to(source / "rl_control")
    assert find_data(build / "rl_control/paths.py", "launch") == source / "launch"


def test_when_two_prefixes_have_data_expect_the_nearest(tmp_path: Path) -> None:
    outer = install(tmp_path, "unused/a/paths.py")
    inner = install(tmp_path / "venv", f"{SITE}/rl_control/paths.py")
    assert outer.exists()
    assert find_data(inner, "urdf") == tmp_path / "venv/share/rl_control/urdf"


def test_when_the_data_are_missing_expect_one_message(tmp_path: Path) -> None:
    module = tmp_path / SITE / "rl_control/paths.py"
    with pytest.raises(InstallationError, match="Install the package again"):
        find_data(module, "urdf")


def test_when_the_cache_variable_is_set_expect_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RL_CONTROL_CACHE", "/somewhere/else")
    assert cache_dir() == Path("/somewhere/else")
    monkeypatch.delenv("RL_CONTROL_CACHE")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert cache_dir() == Path("/home/somebody/.cache/rl_control")


def test_when_two_runs_start_at_once_expect_two_folders(tmp_path: Path) -> None:
    folders = {new_run_dir("demo", tmp_path / "runs") for _ in range(3)}
    assert len(folders) == 3
    assert all(folder.is_dir() and folder.name.startswith("demo-") for folder in folders)


def test_when_the_root_is_a_file_expect_an_error_and_no_endless_search(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    with pytest.raises(OSError, match="runs"):
        new_run_dir("demo", tmp_path / "runs")
