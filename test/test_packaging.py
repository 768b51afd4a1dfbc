"""The package is whole for pip and for colcon."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import setuptools
from packaging.requirements import Requirement

import rl_control

ROOT = Path(__file__).resolve().parents[1]
# What colcon's package reader takes for an address; another one makes it skip package.xml.
EMAIL = re.compile(r"^[-\w%+]+(\.[-\w%+]+)*@[-a-zA-Z0-9%]+(\.[-a-zA-Z0-9%]+)*\.[a-zA-Z]{2,}$")


@pytest.fixture
def setup_arguments(monkeypatch: pytest.MonkeyPatch) -> dict:
    """What setup.py gives to setuptools."""
    given: dict = {}
    monkeypatch.setattr(setuptools, "setup", lambda **arguments: given.update(arguments))
    monkeypatch.chdir(ROOT)
    runpy.run_path(str(ROOT / "setup.py"))
    return given


@pytest.fixture
def manifest() -> ElementTree.Element:
    return ElementTree.parse(ROOT / "package.xml").getroot()


def test_when_the_manifest_is_read_expect_a_valid_ament_python_package(manifest) -> None:
    assert manifest.get("format") == "3"
    assert manifest.findtext("name") == "rl_control"
    assert manifest.findtext("license") == "Apache-2.0"
    assert manifest.findtext("export/build_type") == "ament_python"
    maintainer = manifest.find("maintainer")
    assert maintainer is not None and EMAIL.match(maintainer.get("email", ""))


def test_when_versions_are_compared_expect_one(manifest, setup_arguments) -> None:
    assert manifest.findtext("version") == rl_control.__version__ == setup_arguments["version"]


def test_when_ros_looks_for_the_package_expect_its_marker(setup_arguments) -> None:
    files = dict(setup_arguments["data_files"])
    assert files["share/ament_index/resource_index/packages"] == ["resource/rl_control"]
    assert files["share/rl_control"] == ["package.xml"]
    assert (ROOT / "resource/rl_control").is_file()
    assert "install_scripts=$base/lib/rl_control" in (ROOT / "setup.cfg").read_text()


@pytest.mark.parametrize("folder", ["launch", "config", "urdf"])
def test_when_a_data_file_exists_expect_it_shipped_in_its_folder(folder, setup_arguments) -> None:
    shipped = {
        f"{target}/{Path(file).name}"
        for target, files in setup_arguments["data_files"]
        for file in files
    }
    present = {
        f"share/rl_control/{path.relative_to(ROOT).as_posix()}"
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert present
    assert present <= shipped


def test_when_a_room_exists_expect_it_packaged(setup_arguments) -> None:
    rooms = {f"rl_control.{path.parent.name}" for path in ROOT.glob("rl_control/*/__init__.py")}
    assert rooms <= set(setup_arguments["packages"])


def test_when_a_command_is_declared_expect_its_module_and_function(setup_arguments) -> None:
    for line in setup_arguments["entry_points"]["console_scripts"]:
        module, _, function = line.partition(" = ")[2].partition(":")
        source = ROOT / (module.replace(".", "/") + ".py")
        assert re.search(rf"^def {function}\(", source.read_text(encoding="utf-8"), re.MULTILINE)


def test_when_a_library_is_required_expect_it_pinned_for_every_python(setup_arguments) -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    wanted = list(setup_arguments["install_requires"])
    for extra in setup_arguments["extras_require"].values():
        wanted += extra
    for requirement in map(Requirement, wanted):
        for python in ("3.10", "3.11", "3.12", "3.13"):
            found = [
                pin
                for pin in pins
                if pin.name.lower() == requirement.name.lower()
                and (pin.marker is None or pin.marker.evaluate({"python_version": python}))
            ]
            assert len(found) == 1, f"{requirement.name} on Python {python}: {found}"
            version = next(iter(found[0].specifier)).version
            assert requirement.specifier.contains(version), f"{found[0]} is not {requirement}"


def test_when_continuous_integration_starts_expect_it_to_call_make_test() -> None:
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text()


@pytest.mark.slow
def test_when_installed_by_pip_expect_the_data_beside_the_code(tmp_path: Path) -> None:
    target = tmp_path / "site"
    build = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    build += ["--no-build-isolation", "--target", str(target), str(ROOT)]
    subprocess.run(build, check=True, timeout=110, cwd=tmp_path)
    code = (
        "from rl_control.paths import data_dir; print(*map(data_dir, ('urdf','launch','config')))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(target)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert result.stdout.split() == [
        str(target / "share/rl_control" / kind) for kind in ("urdf", "launch", "config")
    ]
