"""How `init` offers to make the fields of deals that write_back names and Zoho has not."""

from __future__ import annotations

from collections.abc import Sequence

import click

from zoho_xero_sync.app import App
from zoho_xero_sync.checking.deal_fields import make_fields, missing_fields
from zoho_xero_sync.cli import auth_talk as talk
from zoho_xero_sync.cli.main import Session
from zoho_xero_sync.cli.questions import ask
from zoho_xero_sync.core.new_fields import NewField
from zoho_xero_sync.errors import LoginError, SyncError

_BY_HAND = "Make them in Zoho (Setup, Modules and Fields, Deals); docs/write-back.md says of which types."


def offer_fields(session: Session, app: App) -> None:
    """Ask whether to make the fields that are missing, and make them. What fails is told and stops nothing."""
    hands = session.hands
    try:
        missing = missing_fields(app.config, hands.environ, hands.clock)
        if not missing:
            return
        _tell(session, f"Deals in Zoho have no field {_names(missing)}, which write_back names.")
        wanted = [field for field in missing if field.fits]
        if not hands.asks or not wanted or not ask("Make them now? yes or no", _yes, default="yes"):
            _tell(session, _BY_HAND)
            return
        left = make_fields(app.config, hands.environ, hands.clock, wanted)
    except LoginError as error:
        _tell(session, f"{error.message} Making fields takes the permission ZohoCRM.settings.fields.CREATE. {_BY_HAND}")
        return
    except SyncError as error:
        _tell(session, f"{error.message} {_BY_HAND}")
        return
    made = [field for field in wanted if field not in left]
    if made:
        talk.result(session, f"Made in Zoho: {_names(made)}.")
    if left or len(wanted) < len(missing):
        others = (*left, *(field for field in missing if not field.fits))
        _tell(session, f"Not made under the name the configuration has: {_names(others)}. {_BY_HAND}")


def _tell(session: Session, text: str) -> None:
    session.hands.err.write(f"{text}\n")


def _names(fields: Sequence[NewField]) -> str:
    return ", ".join(field.name for field in fields)


def _yes(answer: str) -> bool:
    word = answer.strip().lower()
    if word not in ("y", "yes", "n", "no"):
        raise click.UsageError("Type yes or no.")
    return word.startswith("y")
