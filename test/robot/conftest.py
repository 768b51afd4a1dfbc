"""URDF texts for tests, written in a few words."""

from collections.abc import Callable

import pytest

INERTIAL = (
    '<inertial><origin xyz="0 0 0.1"/><mass value="1"/>'
    '<inertia ixx="0.02" iyy="0.02" izz="0.01" ixy="0" ixz="0" iyz="0"/></inertial>'
)
LIMIT = '<limit lower="-1" upper="2" velocity="3" effort="4"/>'


def link(name: str, inside: str = INERTIAL) -> str:
    return f'<link name="{name}">{inside}</link>'


def joint(
    name: str, parent: str, child: str, kind: str = "revolute", inside: str | None = None
) -> str:
    if inside is None:
        inside = '<origin xyz="0 0 0.5"/><axis xyz="0 1 0"/>'
        inside += LIMIT if kind != "fixed" else ""
    return (
        f'<joint name="{name}" type="{kind}"><parent link="{parent}"/><child link="{child}"/>'
        f"{inside}</joint>"
    )


def robot(*parts: str) -> str:
    return f'<robot name="test">{"".join(parts)}</robot>'


@pytest.fixture
def make_link() -> Callable[..., str]:
    """`make_link(name, inside)`: a link, of 1 kg unless `inside` says otherwise."""
    return link


@pytest.fixture
def make_joint() -> Callable[..., str]:
    """`make_joint(name, parent, child, kind, inside)`: about y, 0.5 m up, unless told."""
    return joint


@pytest.fixture
def make_robot() -> Callable[..., str]:
    """`make_robot(*parts)`: the URDF text."""
    return robot
