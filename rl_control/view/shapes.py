"""What an arm looks like: the triangles of its description, or of what stands in for them."""

from __future__ import annotations

import logging
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import trimesh

from rl_control.errors import RobotDescriptionError
from rl_control.robot.links import z_to
from rl_control.robot.lump import carried_rigidly
from rl_control.robot.meshes import find_mesh, in_words, missing_meshes
from rl_control.robot.model import Placement, RobotModel
from rl_control.robot.urdf import parse_urdf
from rl_control.robot.urdf_xml import ElementReader
from rl_control.types import Array
from rl_control.view.creases import Faces, split_at_creases, welded

Color = tuple[int, int, int]

PLAIN: Color = (196, 200, 208)
_STAND_IN: Color = (120, 132, 150)
_THIN = 1e-3  # [m] under which two joints are at one place
_SMOOTH = 0.6  # [rad] between two faces that are shaded as one surface

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shape:
    """Triangles of one colour, fixed to one body of the arm.

    Attributes:
        body: 0 for the base, k for what joint k - 1 moves.
        vertices: in that body's frame, [V, 3] in [m].
        faces: three vertices each, [F, 3].
        color: red, green and blue, 0 to 255.
    """

    body: int
    vertices: Array
    faces: Faces
    color: Color


def arm_shapes(robot: RobotModel) -> list[Shape]:
    """Return what `robot` looks like, from its base on.

    A link without a visual that can be loaded shows its collision shape; a body that has neither
    is drawn as a capsule from its joint to the next one.

    Raises:
        RobotDescriptionError: if the robot's text is not a URDF.
    """
    urdf = parse_urdf(robot.urdf, robot.source)
    root = ET.fromstring(robot.urdf)
    missing = missing_meshes(robot.urdf, robot.source)
    if missing:
        _log.warning("%s: %s, and not shown", robot.source, in_words(missing))
    links = {link.get("name", ""): link for link in root.findall("link")}
    palette = _palette(root)
    moving = set(robot.names)
    shapes: list[Shape] = []
    for body, carrier in enumerate([robot.base, *(joint.link for joint in robot.joints)]):
        for link, frame in carried_rigidly(urdf, carrier, robot.locked, moving):
            for mesh, color in _of_link(links[link], robot.source, palette):
                shapes.append(_shape(body, mesh, frame, color))
    drawn = {shape.body for shape in shapes}
    return _joined(shapes + [s for s in _stand_ins(robot) if s.body not in drawn])


def coarse(shape: Shape, cell: float) -> Shape:
    """Return `shape` with details below `cell` [m] left out."""
    vertices, faces = split_at_creases(*welded(shape.vertices, shape.faces, cell), _SMOOTH)
    return replace(shape, vertices=vertices, faces=faces)


def _joined(shapes: Sequence[Shape]) -> list[Shape]:
    """Make one shape of all that are of one body and one colour."""
    groups: dict[tuple[int, Color], list[Shape]] = {}
    for shape in shapes:
        groups.setdefault((shape.body, shape.color), []).append(shape)
    found = []
    for (body, color), group in groups.items():
        starts = np.cumsum([0, *(len(shape.vertices) for shape in group)])
        faces = [s.faces + start for s, start in zip(group, starts[:-1], strict=True)]
        vertices = np.concatenate([shape.vertices for shape in group])
        found.append(Shape(body, vertices, np.concatenate(faces), color))
    return found


def _palette(root: ET.Element) -> dict[str, Color]:
    """Colours of the materials that have one, by name; they may be defined inside links."""
    found: dict[str, Color] = {}
    for material in root.iter("material"):
        color = _rgba(material)
        if color is not None:
            found[material.get("name", "")] = color
    return found


def _rgba(material: ET.Element) -> Color | None:
    color = material.find("color")
    try:
        r, g, b = (
            float(part) for part in ("" if color is None else color.get("rgba", "")).split()[:3]
        )
    except ValueError:
        return None
    return _bytes(np.array([r, g, b]))


def _bytes(rgb: Array) -> Color:
    r, g, b = (int(c) for c in np.clip(np.round(255.0 * rgb), 0, 255))
    return r, g, b


def _of_link(
    link: ET.Element, source: str, palette: Mapping[str, Color]
) -> Iterator[tuple[trimesh.Trimesh, Color]]:
    """Yield the meshes of a link in its frame, each with its colour."""
    for tag in ("visual", "collision"):
        found = False
        for element in link.findall(tag):
            material = element.find("material")
            given = None
            if material is not None:
                given = _rgba(material) or palette.get(material.get("name", ""))
            for mesh, own in _meshes(element, link.get("name", ""), source):
                found = True
                yield mesh, own or given or PLAIN
        if found:
            return


def _meshes(
    element: ET.Element, link: str, source: str
) -> list[tuple[trimesh.Trimesh, Color | None]]:
    """The meshes of a <visual> or <collision>, with the colours that a file gives them."""
    element.set("name", link)
    reader = ElementReader(source, element.tag, element)
    geometry = element.find("geometry")
    kinds = [] if geometry is None else [child.tag for child in geometry]
    try:
        placement = reader.placement("origin")
        found = _loaded(reader, kinds[0], source) if kinds else []
    except FileNotFoundError:
        return []  # it has been told of, with all the others
    except (RobotDescriptionError, OSError, ValueError, KeyError, ImportError) as error:
        _log.warning("%s: link '%s': %s is not shown: %s", source, link, element.tag, error)
        return []
    for mesh, _ in found:
        mesh.apply_transform(_matrix(placement))
    return found


def _loaded(
    reader: ElementReader, kind: str, source: str
) -> list[tuple[trimesh.Trimesh, Color | None]]:
    tag = f"geometry/{kind}"
    if kind == "box":
        return [(trimesh.creation.box(reader.vector(tag, "size", (0.0, 0.0, 0.0))), None)]
    if kind == "sphere":
        radius = reader.finite(tag, "radius", 0.0)
        return [(trimesh.creation.icosphere(subdivisions=3, radius=radius), None)]
    if kind == "cylinder":
        radius, length = reader.finite(tag, "radius", 0.0), reader.finite(tag, "length", 0.0)
        return [(trimesh.creation.cylinder(radius, length, sections=48), None)]
    name = reader.text(tag, "filename")
    path = find_mesh(name, source)
    if path is None:
        raise FileNotFoundError(f"mesh '{name}' is not found")
    loaded = trimesh.load_scene(path).dump()
    parts = [part for part in loaded if isinstance(part, trimesh.Trimesh) and len(part.faces)]
    if not parts:
        raise ValueError(f"mesh '{name}' has no triangles")
    for part in parts:
        part.apply_scale(reader.vector(tag, "scale", (1.0, 1.0, 1.0)))
    # One material says as little as none: the description's own colour counts then.
    return [(part, _own_color(part) if len(parts) > 1 else None) for part in parts]


def _own_color(mesh: trimesh.Trimesh) -> Color | None:
    material = getattr(mesh.visual, "material", None)
    if material is None:
        return None
    r, g, b = (int(c) for c in material.main_color[:3])
    return r, g, b


def _shape(body: int, mesh: trimesh.Trimesh, frame: Placement, color: Color) -> Shape:
    mesh.apply_transform(_matrix(frame))
    vertices, faces = welded(np.array(mesh.vertices), np.array(mesh.faces))
    return Shape(body, *split_at_creases(vertices, faces, _SMOOTH), color)


def _matrix(placement: Placement) -> Array:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = placement.rotation, placement.translation
    return matrix


def _stand_ins(robot: RobotModel) -> Iterator[Shape]:
    """Yield a capsule from each body's joint to the next joint, or to the tip."""
    ends = [*(joint.placement.translation for joint in robot.joints)]
    ends.append(robot.tip_placement.translation)
    reach = sum(float(np.linalg.norm(end)) for end in ends)
    radius = max(0.03 * reach, _THIN)
    for body, end in enumerate(ends):
        length = float(np.linalg.norm(end))
        mesh: Any = trimesh.creation.icosphere(subdivisions=3, radius=1.3 * radius)
        if length > _THIN:
            # Capsules of the library stand on z, from 0 to their length.
            capsule = trimesh.creation.capsule(height=length, radius=radius)
            capsule.apply_translation([0.0, 0.0, -0.5 * (capsule.bounds[0] + capsule.bounds[1])[2]])
            capsule.apply_transform(_matrix(Placement(z_to(end / length), 0.5 * end)))
            mesh = trimesh.util.concatenate([mesh, capsule])
        yield Shape(body, np.array(mesh.vertices), np.array(mesh.faces), _STAND_IN)
