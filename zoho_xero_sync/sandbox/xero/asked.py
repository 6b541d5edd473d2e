"""One call to a resource as its handler sees it, and the envelope every answer comes in.

Source: developer.xero.com/documentation/api/accounting/requests-and-responses.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from . import wire
from .batch import Kind, write_batch
from .books import Books
from .errors import Answer
from .listing import Query
from .posted import read_envelope

PROVIDER = "Zoho to Xero sandbox app"


@dataclass(frozen=True, slots=True)
class Asked:
    """A call: the resource (lower case) and the parts of the path after it, the query, the body in JSON or raw."""

    method: str
    resource: str
    key: str | None
    sub_key: str | None
    query: Query
    body: bytes
    mime: str


Handler = Callable[[Books, Asked], Answer]


def answered(books: Books, content: Mapping[str, object]) -> Answer:
    """200 with `content` in Xero's envelope."""
    envelope = {
        "Id": str(uuid.uuid4()),
        "Status": "OK",
        "ProviderName": PROVIDER,
        "DateTimeUTC": wire.instant_stamp(books.now(), ""),
    }
    return Answer(200, wire.dumps({**envelope, **content}))


def batched(books: Books, asked: Asked, collection: str, kind: Kind) -> Answer:
    """200 with every element of the body written. Raises ApiError for a summarised refusal."""
    elements = read_envelope(asked.body, collection)
    wanted = asked.query.text("summarizeErrors")
    summarize = wanted.lower() != "false" if wanted else books.flag("summarize_errors_default")
    return answered(books, {collection: write_batch(books, elements, kind, summarize=summarize)})
