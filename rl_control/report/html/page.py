"""The page of a report: its parts as HTML, and all of them in one file that needs no other."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from rl_control.report.html.plot import Instant, Plot, instant_words, plot_html, time_words
from rl_control.report.html.script import SCRIPT
from rl_control.report.html.style import style


@dataclass(frozen=True)
class Figure:
    """A key figure.

    Attributes:
        value: the number as text.
        unit: small behind it.
        text: what it is.
        mood: "good", "bad", or "" for neither.
    """

    value: str
    unit: str
    text: str
    mood: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: what stands in it.
        mood: "good", "bad", or "" for neither.
        number: whether it is aligned to the right.
    """

    text: str
    mood: str = ""
    number: bool = False


@dataclass(frozen=True)
class Film:
    """Pictures of the arm, shown one at a time.

    Attributes:
        times: when each was, [F] in [s].
        images: each as a file's bytes.
        kind: media type of these files, such as "image/webp".
    """

    times: Sequence[float]
    images: Sequence[bytes]
    kind: str


def page(
    title: str, body: str, span: tuple[float, float], colors: tuple[list[str], list[str]]
) -> str:
    """Return a whole page.

    Args:
        title: of the window.
        body: HTML.
        span: times at the left and the right end of the pictures in [s].
        colors: of joints from base to tip, for a light page and a dark one.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style(colors)}</style></head>"
        f'<body data-span="{span[0]!r} {span[1]!r}"><main>{body}</main>'
        f"<script>{SCRIPT}</script></body></html>\n"
    )


def header_html(title: str, lines: Sequence[str], command: str) -> str:
    """Return the head of a page: what ran, when and where, and by which command."""
    below = "".join(f'<p class="sub">{escape(line)}</p>' for line in lines if line)
    said = f'<p class="sub"><code>{escape(command)}</code></p>' if command else ""
    return f"<header><h1>{escape(title)}</h1>{below}{said}</header>"


def figures_html(figures: Sequence[Figure]) -> str:
    """Return key figures side by side."""
    cards = "".join(
        f'<li class="{figure.mood}"><b>{escape(figure.value)}'
        f"{f' <small>{escape(figure.unit)}</small>' if figure.unit else ''}</b>"
        f"<span>{escape(figure.text)}</span></li>"
        for figure in figures
    )
    return f'<ul class="figures">{cards}</ul>' if figures else ""


def warnings_html(warnings: Sequence[str]) -> str:
    """Return sentences that must not be overlooked."""
    return "".join(f'<p class="warning">{escape(text)}</p>' for text in warnings)


def plots_html(
    plots: Sequence[Plot],
    span: tuple[float, float],
    instants: Sequence[Instant],
    film: str = "",
    axis: str = "time [s]",
) -> str:
    """Return pictures below one another with one axis of time, and a film beside them.

    Args:
        plots: the pictures.
        span: times at the left and the right end in [s].
        instants: vertical lines through all of them.
        film: what `film_html` returned.
        axis: what is along the pictures.
    """
    drawn = "".join(plot_html(plot, span, instants) for plot in plots)
    words = instant_words(instants, span)
    two = " two" if film else ""
    return (
        '<div class="bar">'
        '<button id="whole" type="button">Whole run</button>'
        '<button id="theme" type="button">Light or dark</button>'
        '<span class="hint">Move over a picture to read values, drag to zoom all of them, '
        "double-click for the whole run.</span>"
        '<output id="clock"></output></div>'
        f'<div class="split{two}">{film}<div>{words}{drawn}{time_words(span, axis)}</div></div>'
    )


def film_html(film: Film) -> str:
    """Return the pictures of the arm with their slider, in step with the other pictures."""
    if not film.images:
        return ""
    links = [f"data:{film.kind};base64,{b64encode(image).decode()}" for image in film.images]
    data = json.dumps({"times": [round(time, 4) for time in film.times], "images": links})
    first, last = film.times[0], film.times[-1]
    return (
        f'<figure class="film"><img id="film" alt="The arm" src="{links[0]}"><div>'
        '<button id="play" type="button" aria-label="Play or pause">&#9654;</button>'
        f'<input id="seek" type="range" min="{first:.4f}" max="{last:.4f}" step="0.001"'
        f' value="{first:.4f}" aria-label="Time"><output id="now">{first:.2f} s</output></div>'
        f'<script type="application/json" id="frames">{data}</script></figure>'
    )


def table_html(
    columns: Sequence[str],
    rows: Sequence[Sequence[Cell | str]],
    views: Sequence[tuple[float, float] | None] = (),
) -> str:
    """Return a table.

    Args:
        columns: heads.
        rows: cells of each row.
        views: span of time [s] that a click on each row shows; None, or none given, shows nothing.
    """
    cells = [[Cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    numeric = [all(row[k].number for row in cells) and bool(cells) for k in range(len(columns))]
    head = "".join(
        f"<th{_class('n' if number else '')}>{escape(name)}</th>"
        for name, number in zip(columns, numeric, strict=True)
    )
    body = []
    for number, row in enumerate(cells):
        view = views[number] if number < len(views) else None
        shown = f' data-view="{view[0]:.6f} {view[1]:.6f}"' if view else ""
        body.append(f"<tr{shown}>{''.join(map(_cell, row))}</tr>")
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def section_html(title: str, *parts: str) -> str:
    """Return a section; "" if nothing is in it."""
    inside = "".join(parts)
    return f"<section><h2>{escape(title)}</h2>{inside}</section>" if inside else ""


def details_html(summary: str, inside: str) -> str:
    """Return what is shown only when it is asked for."""
    return f"<details><summary>{escape(summary)}</summary>{inside}</details>" if inside else ""


def picture_html(data: bytes, kind: str, text: str) -> str:
    """Return a picture that is part of the page."""
    link = f"data:{kind};base64,{b64encode(data).decode()}"
    return f'<p class="shots"><img src="{link}" alt="{escape(text)}"></p>'


def facts_html(facts: Mapping[str, Any], code: bool = False) -> str:
    """Return names and values as a table without heads; the names are commands if `code`."""
    before, after = ("<code>", "</code>") if code else ("", "")
    rows = "".join(
        f"<tr><td>{before}{escape(name)}{after}</td><td>{escape(str(value))}</td></tr>"
        for name, value in facts.items()
    )
    return f'<div class="scroll"><table><tbody>{rows}</tbody></table></div>' if rows else ""


def _cell(cell: Cell) -> str:
    classes = f"{cell.mood} n" if cell.number else cell.mood
    return f"<td{_class(classes)}>{escape(cell.text)}</td>"


def _class(names: str) -> str:
    names = names.strip()
    return f' class="{names}"' if names else ""
