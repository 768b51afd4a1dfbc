"""Reads docs/reference/topics.md: what each node says it offers."""

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "topics.md"
EVERY_NODE = "Every node"
_WAYS = ("out", "in", "service", "action")


@dataclass(frozen=True)
class Offer:
    """A topic or a service of a node, by its full name."""

    name: str
    kind: str
    way: str


@dataclass(frozen=True)
class Section:
    """What the page tells of a node.

    Attributes:
        offers: topics and services, and of each what is told of it.
        keys: figures in its diagnostics; words in capitals stand for anything.
    """

    offers: dict[Offer, str]
    keys: tuple[str, ...]

    @property
    def always(self) -> set[Offer]:
        """What it offers whatever its settings and the machine."""
        return {o for o, told in self.offers.items() if not told.startswith(("with ", "where "))}

    def tells_of(self, key: str) -> bool:
        """Whether a figure is among those of the page."""
        patterns = [re.sub(r"\\?\.[A-Z]+$", "[.].+", re.escape(key)) for key in self.keys]
        return any(re.fullmatch(pattern, key) for pattern in patterns)


def section(title: str, node: str) -> Section:
    """Return what a section of the page says, for a node of that name."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"^##+ {title}\n(.*?)(?=^## |^### |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, f"{PAGE.name} has no section {title}"
    offers, keys = {}, []
    for row in re.findall(r"^\| (`.*) \|$", found[1], re.MULTILINE):
        cells = row.split(" | ")
        names = re.findall("`([^`]+)`", cells[0])
        if len(cells) == 2:
            keys += names
            continue
        kinds, way = re.findall("`([^`]+)`", cells[1]), cells[2]
        assert way in _WAYS, row
        for name, kind in zip(names, kinds, strict=True):
            offers[Offer(_full(name, node), kind, way)] = cells[3]
    return Section(offers, tuple(keys))


def _full(name: str, node: str) -> str:
    return name.replace("~", f"/{node}") if name[0] == "~" else f"/{name.lstrip('/')}"
