"""What a report's page is made of: sections, tables, and pictures for light and for dark."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence
from importlib import resources
from typing import NamedTuple


class Picture(NamedTuple):
    """A picture of a report.

    Attributes
    ----------
    name
        Of its file in the folder of the pictures, without ".png".
    alternative
        What it shows, for those who do not see it.
    light, dark
        The bytes of a PNG file, on light ground and on dark.
    """

    name: str
    alternative: str
    light: bytes
    dark: bytes

    def as_html(self) -> str:
        """Return the picture with its bytes in it; what is printed is the light one."""
        light, dark = (base64.b64encode(png).decode("ascii") for png in (self.light, self.dark))
        return (
            '<picture><source media="screen and (prefers-color-scheme: dark)" '
            f'srcset="data:image/png;base64,{dark}">'
            f'<img alt="{html.escape(self.alternative)}" src="data:image/png;base64,{light}">'
            "</picture>"
        )


def section(title: str, text: str, *contents: str) -> str:
    """Return a section: its title and text, which are escaped, and contents in HTML."""
    body = "\n".join(contents)
    said = f"\n<p>{html.escape(text)}</p>" if text else ""
    return f"<section>\n<h2>{html.escape(title)}</h2>{said}\n{body}\n</section>"


def table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of numbers, whose first column names the row; texts are escaped."""
    head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in header)
    lines = "\n".join(_row(row) for row in rows)
    return (
        f'<div class="wide"><table class="numbers">\n<caption>{html.escape(caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{lines}\n</tbody>\n</table></div>"
    )


def facts(caption: str, rows: Sequence[tuple[str, str]]) -> str:
    """Return a table of names and what they are; texts are escaped."""
    lines = "\n".join(_row(row) for row in rows)
    return (
        f"<table>\n<caption>{html.escape(caption)}</caption>\n<tbody>\n{lines}\n</tbody>\n</table>"
    )


def _row(cells: Sequence[str]) -> str:
    first, *rest = map(html.escape, cells)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'


def page(title: str, accuracy: str, result: str, sections: Sequence[str]) -> str:
    """Return a page that needs no network and no script.

    Parameters
    ----------
    title, accuracy, result
        Texts, which are escaped.
    sections
        As `section` returns them.
    """
    slots = {
        "title": html.escape(title),
        "accuracy": html.escape(accuracy),
        "result": html.escape(result),
        "style": _file("style.css"),
        "sections": "\n".join(sections),
    }
    # One pass, so that nothing that was filled in is taken for a slot.
    return re.sub(r"\{\{(\w+)\}\}", lambda slot: slots[slot[1]], _file("page.html"))


def _file(name: str) -> str:
    folder = resources.files("mnist_scratch.report.pages") / "report_page"
    return folder.joinpath(name).read_text(encoding="utf-8")
