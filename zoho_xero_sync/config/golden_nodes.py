"""Nodes of a golden file as plain values, with a problem at the line of whatever is not of its kind."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from zoho_xero_sync.config.section import Problems, joined, line_of
from zoho_xero_sync.config.values import is_null, kind, shown
from zoho_xero_sync.core.golden import Value


class Place:
    """A node of the file under its dotted key; what is wrong with it becomes a problem at its line."""

    def __init__(self, problems: Problems, node: Node, key: str) -> None:
        self.problems, self.node, self.key = problems, node, key

    @property
    def line(self) -> int:
        """The line it begins on, counted from 1."""
        return line_of(self.node)

    @property
    def is_empty(self) -> bool:
        """True for `null` and for a key without a value."""
        return is_null(self.node)

    @property
    def is_text(self) -> bool:
        """True for a single value."""
        return isinstance(self.node, ScalarNode)

    def report(self, message: str, hint: str) -> None:
        """Record what is wrong here."""
        self.problems.add(self.line, self.key, message, hint)

    def parts(self, known: Collection[str] | None = None) -> dict[str, Place]:
        """What a mapping holds; any name where `known` is None."""
        if self.is_empty:
            return {}
        if not isinstance(self.node, MappingNode):
            self.report(f"is {kind(self.node)}, not a mapping.", "Write name: value pairs.")
            return {}
        found: dict[str, Place] = {}
        for key, value in self.node.value:
            name = str(key.value) if isinstance(key, ScalarNode) else ""
            place = Place(self.problems, value, joined(self.key, name))
            if known is not None and name not in known:
                self.problems.add(line_of(key), place.key, "is not a known key.", f"Known here: {', '.join(known)}.")
            elif name in found:
                self.problems.add(line_of(key), place.key, "is there twice.", "Remove one.")
            else:
                found[name] = place
        return found

    def items(self) -> Iterator[Place]:
        """The items of a list, or the one value as the only item."""
        if self.is_empty:
            return
        if not isinstance(self.node, SequenceNode):
            yield self
            return
        for number, item in enumerate(self.node.value):
            yield Place(self.problems, item, f"{self.key}[{number}]")

    def text(self) -> str:
        """The value's own text as it stands in the file; empty for null."""
        if self.is_empty:
            return ""
        if not isinstance(self.node, ScalarNode):
            self.report(f"is {kind(self.node)}, not a single value.", "Give one value.")
            return ""
        return str(self.node.value).strip()

    def figure(self) -> Decimal:
        """A number, exact."""
        try:
            number = Decimal(self.text())
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_finite():
            return number
        self.report(f"{shown(self.text())} is not a number.", "Write it with digits and a point, such as 12.50.")
        return Decimal(0)

    def day(self) -> date | None:
        """A date, or None for null."""
        if self.is_empty:
            return None
        try:
            return date.fromisoformat(self.text())
        except ValueError:
            self.report(f"{shown(self.text())} is not a date.", "Write it as 2026-11-20.")
            return None

    def value(self) -> Value:
        """Everything below, single values as their own text and null as None."""
        if self.is_empty:
            return None
        if isinstance(self.node, MappingNode):
            return {name: place.value() for name, place in self.parts().items()}
        if isinstance(self.node, SequenceNode):
            return [place.value() for place in self.items()]
        return self.text()
