import sys

import pytest

from rl_control.errors import RobotDescriptionError
from rl_control.robot.urdf import parse_urdf
from rl_control.robot.xacro import read_urdf

MACRO = """<robot name="made" xmlns:xacro="http://www.ros.org/wiki/xacro">
  <xacro:property name="length" value="0.4"/>
  <xacro:macro name="segment" params="name">
    <link name="${name}"/>
  </xacro:macro>
  <xacro:segment name="a"/>
  <xacro:segment name="b"/>
  <joint name="j" type="fixed">
    <parent link="a"/><child link="b"/><origin xyz="0 0 ${length / 2}"/>
  </joint>
</robot>"""


def write(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["arm.urdf.xacro", "arm.urdf"])
def test_when_file_uses_xacro_expect_it_expanded(tmp_path, name):
    pytest.importorskip("xacro")
    urdf = parse_urdf(read_urdf(write(tmp_path, name, MACRO)), name)
    assert list(urdf.inertias) == ["a", "b"]
    assert urdf.joints["j"].origin.translation[2] == 0.2


def test_when_namespace_is_declared_but_unused_expect_the_text_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "xacro", None)
    text = '<robot name="r" xmlns:xacro="http://www.ros.org/wiki/xacro"><link name="a"/></robot>'
    assert read_urdf(write(tmp_path, "arm.urdf", text)) == text


def test_when_xacro_is_not_installed_expect_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "xacro", None)
    with pytest.raises(RobotDescriptionError, match="pip install xacro"):
        read_urdf(write(tmp_path, "arm.xacro", MACRO))


def test_when_macro_is_wrong_expect_file_and_reason(tmp_path, capfd):
    pytest.importorskip("xacro")
    path = write(tmp_path, "arm.xacro", MACRO.replace("${length / 2}", "${width / 2}"))
    with pytest.raises(RobotDescriptionError) as caught:
        read_urdf(path)
    assert str(path) in str(caught.value)
    assert "width" in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_when_xacro_is_malformed_expect_the_line(tmp_path):
    with pytest.raises(RobotDescriptionError, match="line 2"):
        read_urdf(write(tmp_path, "arm.xacro", "<robot>\n</robo>"))


def test_when_file_is_missing_expect_refusal(tmp_path):
    with pytest.raises(RobotDescriptionError, match="cannot be read"):
        read_urdf(tmp_path / "nowhere.urdf")


def test_when_path_is_a_folder_expect_refusal(tmp_path):
    with pytest.raises(RobotDescriptionError, match="cannot be read"):
        read_urdf(tmp_path)


def test_when_file_is_binary_expect_refusal(tmp_path):
    path = tmp_path / "arm.urdf"
    path.write_bytes(b"\xff\xfe\x00solid")
    with pytest.raises(RobotDescriptionError, match="cannot be read"):
        read_urdf(path)
