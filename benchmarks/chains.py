"""Arms of any number of joints, to see how time grows with it."""

from __future__ import annotations

TIP = "tip"


def chain_urdf(joints: int, reach: float = 1.0) -> str:
    """Return the URDF of a chain of rods with axes y, z, y, x, y, z ... and `reach` in [m]."""
    length = reach / joints
    parts = [f'<robot name="chain{joints}"><link name="link0"/>']
    for k in range(1, joints + 1):
        mass = 6.0 / joints
        across = mass * (3 * 0.04**2 + length**2) / 12  # a rod of 4 cm radius
        along = mass * 0.04**2 / 2
        axis = "0 1 0" if k % 2 else ("0 0 1" if k % 4 else "1 0 0")
        start = 0.0 if k == 1 else length
        parts.append(
            f'<link name="link{k}"><inertial><origin xyz="0 0 {length / 2}"/>'
            f'<mass value="{mass}"/><inertia ixx="{across}" iyy="{across}" izz="{along}" '
            f'ixy="0" ixz="0" iyz="0"/></inertial></link>'
            f'<joint name="joint{k}" type="revolute"><parent link="link{k - 1}"/>'
            f'<child link="link{k}"/><origin xyz="0 0 {start}"/><axis xyz="{axis}"/>'
            f'<limit lower="-2.8" upper="2.8" effort="100" velocity="5"/></joint>'
        )
    parts.append(
        f'<link name="{TIP}"/><joint name="to_tip" type="fixed"><parent link="link{joints}"/>'
        f'<child link="{TIP}"/><origin xyz="0 0 {length}"/></joint></robot>'
    )
    return "".join(parts)
