"""Attributes of an XML description read one by one; every complaint names its element."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Container

import numpy as np

from rl_control.errors import RobotDescriptionError
from rl_control.robot.model import Placement
from rl_control.types import Array


def parse_xml(text: str, source: str) -> ET.Element:
    """Return the root element of an XML text without a document type.

    Document types are refused because the entities they define can grow without bound.

    Raises:
        RobotDescriptionError: if the text is not well-formed, with line and column.
    """
    parser = ET.XMLParser(target=_Builder(source))
    try:
        parser.feed(text)
        element: ET.Element = parser.close()
    except ET.ParseError as error:
        line, column = error.position
        reason = str(error).split(": line")[0]
        raise RobotDescriptionError(
            source,
            f"line {line}, column {column + 1}",
            f"not well-formed XML ({reason})",
            "Correct the file there.",
        ) from error
    return element


class _Builder(ET.TreeBuilder):
    """Builds elements, but not from a text that declares a document type."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self._source = source

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Refuse the document type."""
        raise RobotDescriptionError(
            self._source,
            f"<!DOCTYPE {name}>",
            "document types and entities are not read",
            "Remove the declaration; use xacro properties instead of entities.",
        )


class ElementReader:
    """Reads attributes of one link or joint."""

    def __init__(self, source: str, what: str, element: ET.Element) -> None:
        self.source, self.element = source, element
        self.what = what
        self.name = element.get("name", "")
        if not self.name:
            raise RobotDescriptionError(
                source, f"<{what}>", "it has no name", "Give each link and joint a name."
            )

    def fail(self, problem: str, remedy: str) -> RobotDescriptionError:
        """Return the complaint."""
        return RobotDescriptionError(self.source, f"{self.what} '{self.name}'", problem, remedy)

    def refuse_repeated(self, known: Container[str]) -> None:
        """Raise if another element of this kind has the same name."""
        if self.name in known:
            raise self.fail("its name is used twice", "Give each link and joint its own name.")

    def text(self, tag: str, attribute: str) -> str:
        """Return an attribute that must be there."""
        element = self.element.find(tag)
        value = None if element is None else element.get(attribute)
        if not value:
            raise self.fail(f"{tag}/{attribute} is missing", f"Add <{tag} {attribute}=...>.")
        return value

    def number(self, tag: str, attribute: str, default: float | None = None) -> float | None:
        """Return a number; it may be NaN or infinite; `default` where it is not given."""
        element = self.element.find(tag)
        value = None if element is None else element.get(attribute)
        if value is None:
            return default
        try:
            return float(value)
        except ValueError:
            raise self.fail(f"{tag}/{attribute} is '{value}'", "Give a number.") from None

    def finite(self, tag: str, attribute: str, default: float) -> float:
        """Return a finite number; `default` where it is not given."""
        value = self.number(tag, attribute, default)
        if value is None or not math.isfinite(value):
            raise self.fail(f"{tag}/{attribute} is {value}", "Give a finite number.")
        return value

    def vector(self, tag: str, attribute: str, default: tuple[float, float, float]) -> Array:
        """Return three finite numbers; `default` where they are not given."""
        element = self.element.find(tag)
        value = None if element is None else element.get(attribute)
        if value is None:
            return np.array(default)
        try:
            vector = np.array([float(part) for part in value.split()])
        except ValueError:
            vector = np.empty(0)
        if vector.shape != (3,) or not np.isfinite(vector).all():
            raise self.fail(f"{tag}/{attribute} is '{value}'", "Give three finite numbers.")
        return vector

    def placement(self, tag: str) -> Placement:
        """Return an <origin>."""
        rpy = self.vector(tag, "rpy", (0.0, 0.0, 0.0))
        return Placement(_rotation(rpy), self.vector(tag, "xyz", (0.0, 0.0, 0.0)))


def _rotation(rpy: Array) -> Array:
    """The rotation matrix of fixed-axis roll, pitch, yaw angles, [3, 3].

    An angle written as pi/2 with some ten digits is taken as exactly that: the zeros it leaves
    in the matrix are what keeps the equations of motion short.
    """
    quarters = np.round(rpy / (np.pi / 2))
    snapped = np.abs(rpy - quarters * np.pi / 2) < 1e-9
    sine = np.where(snapped, np.array([0.0, 1.0, 0.0, -1.0])[quarters.astype(int) % 4], np.sin(rpy))
    cosine = np.where(
        snapped, np.array([1.0, 0.0, -1.0, 0.0])[quarters.astype(int) % 4], np.cos(rpy)
    )
    (sr, sp, sy), (cr, cp, cy) = sine, cosine
    return np.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )
