"""JSON with exact numbers: what is a Decimal here is the same digits on the wire."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

_string = json.JSONEncoder(ensure_ascii=False).encode


def dumps(value: Any) -> str:
    """`value` as JSON text; Decimals become bare numbers without passing through float.

    Raises TypeError for anything that is not JSON or Decimal (a float too: money must not be one).
    """
    parts: list[str] = []
    _write(value, parts.append)
    return "".join(parts)


def loads(text: str | bytes) -> Any:
    """JSON text as values, fractions as Decimal. Raises ValueError for anything that is not JSON."""
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)


def plain(value: Any) -> Any:
    """The same tree with Decimals as strings, for readers that only know standard JSON."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _write(value: Any, emit: Any) -> None:
    if isinstance(value, str):
        emit(_string(value))
    elif value is None:
        emit("null")
    elif value is True:
        emit("true")
    elif value is False:
        emit("false")
    elif isinstance(value, Decimal):
        emit(format(value, "f"))
    elif isinstance(value, int):
        emit(str(value))
    elif isinstance(value, dict):
        _write_object(value, emit)
    elif isinstance(value, list | tuple):
        _write_array(value, emit)
    else:
        raise TypeError(f"{type(value).__name__} cannot be written as JSON here")


def _write_object(value: dict[str, Any], emit: Any) -> None:
    separator = "{"
    for key, item in value.items():
        emit(separator)
        emit(_string(key))
        emit(":")
        _write(item, emit)
        separator = ","
    emit("}" if value else "{}")


def _write_array(value: list[Any] | tuple[Any, ...], emit: Any) -> None:
    separator = "["
    for item in value:
        emit(separator)
        _write(item, emit)
        separator = ","
    emit("]" if value else "[]")
