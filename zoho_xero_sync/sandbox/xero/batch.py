"""Writing a batch: each element alone, then the answer that summarizeErrors asks for.

Source: developer.xero.com/documentation/api/accounting/requests-and-responses (summarizeErrors). The default is true,
as the live service behaves: one bad element makes the answer a 400. With false the answer is 200, the good elements
are kept, and each carries StatusAttributeString. What a summarised 400 keeps is the switch
`summarised_error_keeps_good`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .books import Books
from .errors import ApiError, RefusedError, validation
from .posted import Posted
from .rule import rules

RULES = rules(
    "api/accounting/requests-and-responses",
    "A batch with a refused element answers 400 ValidationException with the refused elements; nothing is kept.",
    "With summarizeErrors=false the answer is 200: good elements are kept, each carries StatusAttributeString, and a "
    "refused create carries the zero GUID and its ValidationErrors.",
)


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between the resources: how to write one, and how a refused one looks."""

    error_flag: str
    write: Callable[[Posted], tuple[dict[str, object], Sequence[str]]]
    echo: Callable[[Posted], dict[str, object]]


def write_batch(books: Books, elements: Sequence[Posted], kind: Kind, *, summarize: bool) -> list[dict[str, object]]:
    """The elements of a 200 answer. Raises ApiError for a summarised 400; an ApiError of one element undoes all."""
    start = books.savepoint()
    views: list[dict[str, object]] = []
    refused: list[dict[str, object]] = []
    for element in elements:
        point = books.savepoint()
        try:
            view, warnings = kind.write(element)
        except RefusedError as error:
            books.rollback(point)
            view = _refused_view(element, kind, error.messages)
            refused.append(view)
        except ApiError:
            books.rollback(start)
            raise
        else:
            view = _accepted_view(view, warnings, summarize=summarize)
        views.append(view)
    if refused and summarize:
        if not books.flag("summarised_error_keeps_good"):
            books.rollback(start)
        raise validation([_plain(view) for view in (refused if books.word("elements_of_400") == "failing" else views)])
    return views


def _accepted_view(view: dict[str, object], warnings: Sequence[str], *, summarize: bool) -> dict[str, object]:
    if warnings:
        view = {**view, "Warnings": [{"Message": message} for message in warnings]}
    if summarize:
        return view
    return {**view, "StatusAttributeString": "WARNING" if warnings else "OK"}


def _refused_view(element: Posted, kind: Kind, messages: Sequence[str]) -> dict[str, object]:
    return {
        **kind.echo(element),
        kind.error_flag: True,
        "StatusAttributeString": "ERROR",
        "ValidationErrors": [{"Message": message} for message in messages],
    }


def _plain(view: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in view.items() if name != "StatusAttributeString"}
