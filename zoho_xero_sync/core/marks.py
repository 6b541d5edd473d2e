"""The mark an invoice carries in Xero, its Url: the deal's page in Zoho, and behind a # which ledger made it.

That of a deal's remainder ends in its part, `#zxs-1f0c9a2e-2`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC

from zoho_xero_sync.core.model import Identity, XeroInvoice

_TAG = re.compile(r"zxs-([0-9a-f]{8})?(?:-([2-9]))?")
_DEAL_ID = re.compile(r"[0-9]{5,25}")


@dataclass(frozen=True, slots=True)
class Swept:
    """What one pass over Xero's sales invoices found.

    `carrying` are the wanted invoices by deal id, `numbered` those with a wanted number by that number. `tags` are the
    ledgers that marked any invoice of these deals' organisation, each with the number of one of its invoices.
    """

    carrying: Mapping[str, tuple[XeroInvoice, ...]] = field(default_factory=dict)
    numbered: Mapping[str, tuple[XeroInvoice, ...]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


def ledger_tag(identity: Identity) -> str:
    """Eight hex digits that tell this ledger from every other; a restored backup has the same."""
    made = identity.created_at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(f"{identity.zoho_org_id} {identity.xero_tenant_id} {made}".encode()).hexdigest()[:8]


def marked_url(url: str, tag: str, part: int = 1) -> str:
    """The Url to send: the deal's page, and in the fragment, which no browser sends to Zoho, ledger and part."""
    later = f"-{part}" if part > 1 else ""
    return f"{url}#zxs-{tag}{later}" if tag or later else url


def plain_url(url: str) -> str:
    """The deal's page without the tag."""
    return url.partition("#")[0]


def tag_of(url: str) -> str:
    """The tag of the ledger that wrote this Url; empty when it carries none."""
    match = _TAG.fullmatch(url.partition("#")[2])
    return match.group(1) or "" if match else ""


def part_of(url: str) -> int:
    """Which part of its deal an invoice with this Url bills; the first unless it says otherwise."""
    match = _TAG.fullmatch(url.partition("#")[2])
    return int(match.group(2) or 1) if match else 1


def same_mark(url: str) -> tuple[str, int]:
    """What two marks of one invoice have in common, whichever ledger wrote them: the deal's page and the part."""
    return plain_url(url), part_of(url)


def deal_of(url: str, link_prefix: str) -> str | None:
    """The id of the deal this Url is the mark of, or None for an invoice that carries no deal of the organisation."""
    plain = plain_url(url)
    found = plain.removeprefix(link_prefix)
    return found if found != plain and _DEAL_ID.fullmatch(found) else None
