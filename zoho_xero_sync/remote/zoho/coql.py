"""The one builder of COQL: every value that reaches Zoho passes its escaping.

Grammar: www.zoho.com/crm/developer/docs/api/v8/COQL-Overview.html and COQL-Limitations.html. WHERE is mandatory,
AND and OR join exactly two conditions, a quote inside text is doubled, and a datetime has whole seconds and an
offset.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

# The documentation names both 50 and 100 as the most values of an `in`; 50 is right under either.
IN_MAX = 50
ROWS_MAX = 2000

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)*")


def name(api_name: str) -> str:
    """`api_name` when it is a plain (possibly dotted) API name; ValueError otherwise."""
    if not _NAME.fullmatch(api_name):
        raise ValueError(f"{api_name!r} is not an API name")
    return api_name


def text(value: str) -> str:
    """A text or id literal."""
    doubled = value.replace("'", "''")
    return f"'{doubled}'"


def instant(value: datetime) -> str:
    """A datetime literal: UTC, whole seconds, offset written out."""
    return text(value.astimezone(UTC).replace(microsecond=0).isoformat())


def equals(field: str, value: str) -> str:
    """`field` has this text or id."""
    return f"{name(field)} = {text(value)}"


def one_of(field: str, values: Sequence[str]) -> str:
    """`field` has one of these texts or ids; at most `IN_MAX` of them."""
    if not 0 < len(values) <= IN_MAX:
        raise ValueError(f"an in-list takes 1 to {IN_MAX} values, not {len(values)}")
    return f"{name(field)} in ({', '.join(text(value) for value in values)})"


def at_or_after(field: str, value: datetime) -> str:
    """`field` is this instant or a later one."""
    return f"{name(field)} >= {instant(value)}"


def after(field: str, value: datetime) -> str:
    """`field` is later than this instant."""
    return f"{name(field)} > {instant(value)}"


def at(field: str, value: datetime) -> str:
    """`field` is this instant."""
    return f"{name(field)} = {instant(value)}"


def beyond(last_id: str) -> str:
    """The records whose id follows `last_id`: how paging goes on without an offset."""
    return f"id > {text(last_id)}"


def both(left: str, right: str) -> str:
    """Both conditions, in the brackets that binary AND needs."""
    return f"({left} and {right})"


def select(columns: Sequence[str], module: str, where: str, *, order: Sequence[str], limit: int) -> str:
    """One SELECT statement."""
    if not 0 < limit <= ROWS_MAX:
        raise ValueError(f"a query takes 1 to {ROWS_MAX} rows, not {limit}")
    listed = ", ".join(name(column) for column in columns)
    ordered = ", ".join(f"{name(field)} asc" for field in order)
    clauses = (f"select {listed}", f"from {name(module)}", f"where {where}", f"order by {ordered}", f"limit 0, {limit}")
    return " ".join(clauses)
