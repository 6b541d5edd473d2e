"""Small parts that several screens are made of: headings, and names with their values in two columns."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text


def spaced(part: RenderableType) -> RenderableType:
    """The part with an empty line before it."""
    return Group(Text(), part)


def section(heading: str, *parts: RenderableType) -> RenderableType:
    """An empty line, the heading, and the parts below it."""
    return Group(Text(), Text(heading, style="bold"), *parts)


def facts(pairs: Iterable[tuple[str, Text]]) -> RenderableType:
    """Names on the left, dimmed; values on the right, wrapped."""
    grid = columns(("", "left"), ("", "left"))
    for name, value in pairs:
        grid.add_row(Text(name, style="dim"), value)
    return grid


def columns(*heads: tuple[str, str]) -> Table:
    """A table without lines; each head is a name (no header row when all are empty) and left, right or fixed.

    Only columns on the left wrap.
    """
    table = Table(
        box=None,
        show_header=any(name for name, _ in heads),
        header_style="dim",
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
    for name, side in heads:
        table.add_column(name, justify="right" if side == "right" else "left", no_wrap=side != "left", overflow="fold")
    return table
