"""A section of the file under a reader's finger: typed values out, problems with line and key collected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from zoho_xero_sync.config.keys import KEYS, advise
from zoho_xero_sync.config.values import WrongValueError, is_null, kind
from zoho_xero_sync.errors import ConfigError, ConfigProblem

T = TypeVar("T")


def line_of(node: Node) -> int:
    """The line a node begins on, counted from 1."""
    return int(node.start_mark.line) + 1


def joined(key: str, name: str) -> str:
    """The dotted key of `name` in the section `key`."""
    return f"{key}.{name}" if key else name


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in text)


class Problems:
    """Everything found wrong so far. A value or key that was set aside is not looked at again."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: list[ConfigProblem] = []
        self._aside: dict[int, Node] = {}

    def add(self, line: int, key: str, message: str, hint: str) -> None:
        """Records a problem; what it quotes of the file is kept to one line."""
        self._found.append(ConfigProblem(self.file, line, _printable(key), _printable(message), hint))

    def set_aside(self, node: Node) -> None:
        """Marks a node as dealt with, so that it gets no second problem."""
        self._aside[id(node)] = node

    def is_aside(self, node: Node) -> bool:
        """True when `set_aside` was called for this very node."""
        return id(node) in self._aside

    def stop_if_any(self) -> None:
        """Raises ConfigError with all problems in the order of the file, if there is one."""
        if self._found:
            raise ConfigError(tuple(sorted(self._found, key=lambda problem: problem.line)))


class Section:
    """A mapping of the file. What is absent, or wrong and reported, comes out as the given default."""

    def __init__(self, problems: Problems, node: Node | None, key: str, kind_of_keys: str) -> None:
        self.problems = problems
        self.key = key
        self.line = line_of(node) if node else 1
        self._nodes: dict[str, Node] = {}
        self._is_mapping = True
        if node is None or is_null(node):
            return
        if not isinstance(node, MappingNode):
            self._is_mapping = False
            known = ", ".join(KEYS[kind_of_keys])
            problems.add(self.line, key, f"is {kind(node)}, not a section.", f"Put its keys under it: {known}.")
            return
        self._take(node, kind_of_keys)

    def _take(self, node: MappingNode, kind_of_keys: str) -> None:
        for key_node, value in node.value:
            if self.problems.is_aside(key_node) or not isinstance(key_node, ScalarNode):
                continue
            name = str(key_node.value)
            if name in KEYS[kind_of_keys]:
                self._nodes.setdefault(name, value)
                continue
            if self.problems.is_aside(value):
                continue
            key = joined(self.key, name)
            self.problems.add(line_of(key_node), key, "is not a known key.", advise(kind_of_keys, name))

    def find(self, name: str) -> Node | None:
        """The value's node; None when it is absent or was set aside."""
        node = self._nodes.get(name)
        return None if node is None or self.problems.is_aside(node) else node

    def has(self, name: str) -> bool:
        """True when the key is written down, whatever its value."""
        return name in self._nodes

    def section(self, name: str, kind_of_keys: str | None = None) -> Section:
        """The section below this key; an empty one when it is absent."""
        key = joined(self.key, name)
        return Section(self.problems, self.find(name), key, kind_of_keys or key)

    def report(self, name: str, message: str, hint: str) -> None:
        """Records a problem with this key, on its value's line or else the section's."""
        node = self._nodes.get(name)
        self.problems.add(line_of(node) if node else self.line, joined(self.key, name), message, hint)

    def read(self, name: str, read: Callable[[Node], T], default: T) -> T:
        """The value of this key as `read` takes it."""
        node = self.find(name)
        return default if node is None else self._try(node, joined(self.key, name), read, default)

    def require(self, name: str, read: Callable[[Node], T], default: T, hint: str) -> T:
        """Like `read`, but an absent key is a problem, with `hint` as what to do."""
        if self._is_mapping and not self.has(name):
            self.report(name, "is missing.", hint)
        return self.read(name, read, default)

    def items(self, name: str, example: str) -> Sequence[tuple[str, Node]] | None:
        """The key and node of each item of a list; None when it is absent or not a list."""
        node = self.find(name)
        if node is None:
            return None
        key = joined(self.key, name)
        if not isinstance(node, SequenceNode):
            self.problems.add(line_of(node), key, f"is {kind(node)}, not a list.", f"Write it as {example}.")
            return None
        return [(f"{key}[{index}]", item) for index, item in enumerate(node.value) if not self.problems.is_aside(item)]

    def words(self, name: str, read: Callable[[Node], T], default: tuple[T, ...], example: str) -> tuple[T, ...]:
        """A list of values, at least one and none twice."""
        items = self.items(name, example)
        if items is None:
            return default
        if not items:
            self.report(name, "is an empty list.", f"Write it as {example}, or remove the line to use the default.")
            return default
        seen: dict[T, None] = {}
        for key, node in items:
            word = self._try(node, key, read, None)
            if word is not None and word in seen:
                self.problems.add(line_of(node), key, f"'{word}' is listed twice.", "Remove one.")
            if word is not None:
                seen[word] = None
        return tuple(seen) or default

    def pairs(self, name: str, read: Callable[[Node], str]) -> Mapping[str, str]:
        """A mapping whose keys are anybody's words."""
        node = self.find(name)
        if node is None or is_null(node):
            return MappingProxyType({})
        key = joined(self.key, name)
        if not isinstance(node, MappingNode):
            self.problems.add(line_of(node), key, f"is {kind(node)}, not a mapping.", "Write name: value pairs.")
            return MappingProxyType({})
        found: dict[str, str] = {}
        for key_node, value in node.value:
            if not isinstance(key_node, ScalarNode) or self.problems.is_aside(key_node):
                continue
            word = str(key_node.value).strip()
            if not word:
                self.problems.add(line_of(key_node), key, "has a pair without a name.", "Name it, or remove it.")
                continue
            if self.problems.is_aside(value):
                continue
            found[word] = self._try(value, joined(key, word), read, "")
        return MappingProxyType(found)

    def _try(self, node: Node, key: str, read: Callable[[Node], T], default: T) -> T:
        try:
            return read(node)
        except WrongValueError as wrong:
            self.problems.add(line_of(node), key, wrong.message, wrong.hint)
            return default
