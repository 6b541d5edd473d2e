"""The organisation a world describes: identity, calendar, money, stages, users and what its edition allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from .documents import Tax
from .ids import record_id
from .limits import EDITIONS

_SYMBOLS = {"AUD": "$", "CAD": "$", "EUR": "€", "GBP": "£", "INR": "₹", "JPY": "¥", "NZD": "$", "USD": "$"}
_TAXES = {"GST": "10", "GST Free": "0"}
_PIPELINES = {"Standard": ["Qualification", "Proposal", "Confirmed", "Closed Won", "Closed Lost"]}


@dataclass(frozen=True, slots=True)
class Currency:
    """One currency; `rate` is the exchange rate as Zoho's text."""

    id: str
    iso_code: str
    symbol: str
    rate: str
    is_base: bool


@dataclass(frozen=True, slots=True)
class Organisation:
    """Facts that do not change while the sandbox runs. `pipelines`: name -> stages in order."""

    id: str
    zgid: str
    company_name: str
    time_zone: str
    iso_code: str
    country_code: str
    multi_currency: bool
    edition: str
    currencies: tuple[Currency, ...]
    taxes: dict[str, Tax]
    pipelines: dict[str, tuple[str, ...]]
    credits: int
    concurrent: int
    sub_concurrent: int

    @property
    def zone(self) -> ZoneInfo:
        """The zone times are shown in: the organisation's, which the authorising user shares."""
        return ZoneInfo(self.time_zone)

    @property
    def symbol(self) -> str:
        """The home currency's symbol."""
        return _SYMBOLS.get(self.iso_code, self.iso_code)

    def rate(self, iso_code: str) -> Decimal:
        """A currency's exchange rate; 1 for one the organisation does not list."""
        return next((Decimal(c.rate) for c in self.currencies if c.iso_code == iso_code), Decimal(1))

    @property
    def stages(self) -> tuple[str, ...]:
        """All stages of all pipelines, each once, in order."""
        return tuple(dict.fromkeys(stage for stages in self.pipelines.values() for stage in stages))


def read_organisation(world: Mapping[str, Any]) -> Organisation:
    """The organisation of a world's `zoho` part. Raises ValueError for an unknown edition or time zone."""
    org: Mapping[str, Any] = world.get("org") or {}
    limits: Mapping[str, Any] = world.get("limits") or {}
    edition = str(org.get("edition", "enterprise"))
    if edition not in EDITIONS:
        raise ValueError(f"zoho.org.edition: {edition!r} is none of {', '.join(EDITIONS)}")
    time_zone = str(org.get("time_zone", "Australia/Sydney"))
    try:
        ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"zoho.org.time_zone: {time_zone!r} is not an IANA time zone") from error
    credits, concurrent = EDITIONS[edition]
    iso_code = str(org.get("iso_code", "AUD"))
    return Organisation(
        id=str(org.get("id", "5725767000000000001")),
        zgid=str(org.get("zgid", "7001234567")),
        company_name=str(org.get("company_name", "Sandbox Company")),
        time_zone=time_zone,
        iso_code=iso_code,
        country_code=str(org.get("country_code", "AU")),
        multi_currency=bool(org.get("multi_currency", False)),
        edition=edition,
        currencies=tuple(_currency(spec, iso_code) for spec in world.get("currencies") or [iso_code]),
        taxes={str(name): _tax(str(name), percent) for name, percent in world.get("taxes", _TAXES).items()},
        pipelines={
            str(name): tuple(str(stage) for stage in stages)
            for name, stages in (world.get("pipelines") or _PIPELINES).items()
        },
        credits=int(limits.get("credits", credits)),
        concurrent=int(limits.get("concurrent", concurrent)),
        sub_concurrent=int(limits.get("sub_concurrent", 10)),
    )


def _currency(spec: Any, base: str) -> Currency:
    given: Mapping[str, Any] = {"iso_code": spec} if isinstance(spec, str) else spec
    code = str(given["iso_code"])
    rate = str(given.get("exchange_rate", "1.000000000"))
    return Currency(record_id("currencies", code), code, _SYMBOLS.get(code, code), rate, code == base)


def _tax(name: str, percent: Any) -> Tax:
    return Tax(record_id("taxes", name), name, Decimal(str(percent)))
