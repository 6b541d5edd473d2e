"""Checks that hold anywhere in the file: no key twice, no tags, no secrets."""

from __future__ import annotations

from collections.abc import Iterator

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from zoho_xero_sync.config.leaks import (
    holds_password,
    is_client_id_key,
    is_secret_key,
    seems_secret,
    where_it_belongs,
)
from zoho_xero_sync.config.section import Problems, joined, line_of

_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset(
    _TAG + name for name in ("null", "bool", "int", "float", "str", "timestamp", "value", "merge", "map", "seq")
)


def check_everywhere(problems: Problems, root: MappingNode) -> None:
    """Reports what may stand nowhere in the file, and sets it aside."""
    for key, node in _walk(root):
        if node.tag not in _PLAIN_TAGS:
            problems.add(line_of(node), key, "has a YAML tag, which is not understood here.", "Remove it.")
            problems.set_aside(node)
        if isinstance(node, MappingNode):
            _check_keys(problems, node, key)
            _check_secret_keys(problems, node, key)
        if isinstance(node, ScalarNode) and not problems.is_aside(node):
            _check_value(problems, node, key)


def _check_value(problems: Problems, node: ScalarNode, key: str) -> None:
    if holds_password(node.value):
        problems.add(line_of(node), key, "holds a password.", "Write the address without it.")
    elif seems_secret(node.value):
        problems.add(line_of(node), key, "looks like a secret.", where_it_belongs(key, ""))
    else:
        return
    problems.set_aside(node)


def _walk(root: Node) -> Iterator[tuple[str, Node]]:
    """Every node with its dotted key, each once, in the order of the file."""
    seen: set[int] = set()
    waiting: list[tuple[str, Node]] = [("", root)]
    while waiting:
        key, node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield key, node
        waiting.extend(reversed(list(_children(key, node))))


def _children(key: str, node: Node) -> Iterator[tuple[str, Node]]:
    if isinstance(node, SequenceNode):
        yield from ((f"{key}[{index}]", item) for index, item in enumerate(node.value))
    if isinstance(node, MappingNode):
        yield from ((joined(key, _key_text(name)), value) for name, value in node.value)


def _key_text(node: Node) -> str:
    if not isinstance(node, ScalarNode):
        return "?"
    return "***" if seems_secret(node.value) or holds_password(node.value) else str(node.value)


def _check_keys(problems: Problems, node: MappingNode, key: str) -> None:
    first: dict[str, int] = {}
    for name, _ in node.value:
        if not isinstance(name, ScalarNode):
            problems.add(line_of(name), key, "has a key that is not text.", 'Put text with braces in quotes: "{id}".')
            problems.set_aside(name)
            continue
        if name.value in first:
            message = f"is already set in line {first[name.value]}."
            problems.add(line_of(name), joined(key, _key_text(name)), message, "Keep one of the two.")
        first.setdefault(name.value, line_of(name))


def _check_secret_keys(problems: Problems, node: MappingNode, key: str) -> None:
    for name, value in node.value:
        if not isinstance(name, ScalarNode):
            continue
        dotted = joined(key, _key_text(name))
        if is_secret_key(name.value):
            message, hint = "is a secret, and has no place in this file.", where_it_belongs(dotted, name.value)
        elif is_client_id_key(name.value):
            message, hint = "is kept with the login, not in this file.", where_it_belongs(dotted, name.value)
        elif seems_secret(name.value) or holds_password(name.value):
            message, hint = "looks like a secret.", where_it_belongs(dotted, "")
        else:
            continue
        problems.add(line_of(name), dotted, message, hint)
        problems.set_aside(name)
        _set_all_aside(problems, value)


def _set_all_aside(problems: Problems, node: Node) -> None:
    for _, below in _walk(node):
        problems.set_aside(below)
