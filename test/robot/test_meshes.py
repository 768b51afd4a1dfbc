"""Where the files of meshes are."""

import xml.etree.ElementTree as ET

import pytest

from rl_control.robot.description import load_robot
from rl_control.robot.meshes import (
    find_mesh,
    missing_meshes,
    same_but_for_places,
    with_mesh_files,
)


@pytest.mark.parametrize(
    "name", ["package://tool/meshes/a.obj", "package://meshes/a.obj", "meshes/a.obj"]
)
def test_when_mesh_is_named_in_any_usual_way_expect_it_found(tmp_path, name):
    mesh = tmp_path / "tool" / "meshes" / "a.obj"
    mesh.parent.mkdir(parents=True)
    mesh.touch()
    source = tmp_path / "tool" / "urdf" / "tool.urdf"
    assert find_mesh(name, str(source)) == mesh
    assert find_mesh(f"file://{mesh}", "/nowhere/x.urdf") == mesh
    assert find_mesh("meshes/b.obj", str(source)) is None


def test_when_mesh_lies_in_a_ros_package_expect_it_found(tmp_path, monkeypatch):
    mesh = tmp_path / "share" / "tool" / "a.obj"
    mesh.parent.mkdir(parents=True)
    mesh.touch()
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    assert find_mesh("package://tool/a.obj", "/nowhere/x.urdf") == mesh


def names(urdf):
    return [mesh.get("filename") for mesh in ET.fromstring(urdf).iter("mesh")]


def urdf(*meshes):
    shapes = "".join(f"<visual><geometry>{mesh}</geometry></visual>" for mesh in meshes)
    return f"<robot name='a'><!-- an arm --><link name='b'>{shapes}</link></robot>"


@pytest.mark.parametrize("robot", ["iiwa7", "panda", "iiwa7+peg"])
def test_when_a_shipped_arm_is_published_expect_every_mesh_by_its_whole_path(robot):
    arm = load_robot(robot)
    text = with_mesh_files(arm.urdf, arm.source)
    assert names(arm.urdf)
    assert all(name.startswith("file:///") for name in names(text))
    # Wherever the text is read: nothing is looked for from its own folder.
    assert missing_meshes(text, "/nowhere/x.urdf") == []
    assert [find_mesh(name, "/nowhere/x.urdf") for name in names(text)] == [
        find_mesh(name, arm.source).resolve() for name in names(arm.urdf)
    ]
    assert with_mesh_files(text, "/nowhere/x.urdf") == text


def test_when_a_path_has_letters_that_mean_something_expect_it_found_again(tmp_path):
    folder = tmp_path / "a b & 50%20 'c'"
    folder.mkdir()
    for name in ("d.obj", "e f.obj"):
        (folder / name).touch()
    text = urdf("<mesh filename='d.obj'/>", '<mesh scale="1 1 1" filename="e f.obj"/>')
    whole = with_mesh_files(text, str(folder / "arm.urdf"))
    assert [find_mesh(name, "/nowhere/x.urdf") for name in names(whole)] == [
        (folder / name).resolve() for name in ("d.obj", "e f.obj")
    ]
    assert "<!-- an arm -->" in whole  # all else is as it was


@pytest.mark.parametrize(
    "name", ["package://tool/a.obj", "http://a.example/a.obj", "file:///a.obj", "gone.obj"]
)
def test_when_others_find_a_file_or_nobody_expect_its_name_as_it_was(tmp_path, monkeypatch, name):
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    (tmp_path / "share" / "tool").mkdir(parents=True)
    (tmp_path / "share" / "tool" / "a.obj").touch()
    text = urdf(f'<mesh filename="{name}"/>')
    assert with_mesh_files(text, str(tmp_path / "arm.urdf")) == text


def test_when_a_package_is_not_installed_expect_its_file_by_the_whole_path(tmp_path, monkeypatch):
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path / "elsewhere"))
    mesh = tmp_path / "tool" / "a.obj"
    mesh.parent.mkdir()
    mesh.touch()
    text = urdf("<mesh filename='package://tool/a.obj'/>")
    assert names(with_mesh_files(text, str(tmp_path / "arm.urdf"))) == [mesh.resolve().as_uri()]


def test_when_meshes_are_gone_expect_each_named_once(tmp_path):
    (tmp_path / "a.obj").touch()
    meshes = [f"<mesh filename='{name}'/>" for name in ("b.obj", "a.obj", "b.obj", "c.obj")]
    assert missing_meshes(urdf(*meshes), str(tmp_path / "arm.urdf")) == ["b.obj", "c.obj"]


def test_when_only_places_differ_expect_the_same_description():
    here = urdf('<mesh filename="m/a%20b.obj"/>')
    assert same_but_for_places(here, urdf('<mesh filename="file:///there/a%20b.obj"/>'))
    assert same_but_for_places(here, urdf('<mesh filename="m/a b.obj"/>'))
    assert not same_but_for_places(here, urdf('<mesh filename="m/c.obj"/>'))
    assert not same_but_for_places(here, here.replace("'a'", "'z'"))
