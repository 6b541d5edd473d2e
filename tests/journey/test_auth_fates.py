"""What may become of a login after it worked: each fate with its own sentence, what to type next, and its exit code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from auth_tools import HOME, OTHER, SCOPES, ZOHO_CLIENT, Office, office_in
from world_tools import order

from zoho_xero_sync.sandbox import Fault

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Fate:
    """What happens to a login of `service`, and what is said then.

    `state` is that of `auth status --check`; `tokens` how many requests for a token one run may cost.
    """

    name: str
    service: str
    happens: Callable[[Office], None]
    message: str
    hint: str
    code: int = 12
    state: str = "refused"
    connection: str = "custom"
    tokens: int = 1


def revoked(office: Office) -> None:
    office.box.zoho.oauth.revoke_everything()


def another_zoho_secret(office: Office) -> None:
    office.box.zoho.oauth._client_secret = "made-anew-in-the-console"


def another_zoho_client(office: Office) -> None:
    office.box.zoho.oauth._client_id = "1000.ANOTHER"


def without_deals(office: Office) -> None:
    office.box.zoho.oauth.set_scopes(scope for scope in SCOPES.split(",") if ".deals." not in scope)


def without_quotes(office: Office) -> None:
    office.box.zoho.oauth.set_scopes(scope for scope in SCOPES.split(",") if ".quotes." not in scope)


def another_zoho_organisation(office: Office) -> None:
    office.box.zoho.org = replace(office.box.zoho.org, id="99", company_name="Foreign Traders")


def ten_tokens_in_ten_minutes(office: Office) -> None:
    refresh = office.secrets()["zoho_tokens"]["refresh"]
    form = {"client_id": ZOHO_CLIENT[0], "client_secret": ZOHO_CLIENT[1], "grant_type": "refresh_token"}
    for _ in range(10):
        office.box.zoho.oauth.answer({**form, "refresh_token": refresh})


def another_xero_secret(office: Office) -> None:
    tokens = office.box.xero.tokens
    tokens.client = replace(tokens.client, secret="made-anew-in-the-console")


def app_of_another_type(office: Office) -> None:
    tokens = office.box.xero.tokens
    tokens.client = replace(tokens.client, connection="web")


def without_invoices(office: Office) -> None:
    tokens = office.box.xero.tokens
    tokens.client = replace(tokens.client, scopes=tokens.client.scopes - {"accounting.invoices"})


def sixty_days_pass(office: Office) -> None:
    office.wait(days=60)


def allowed_no_longer(office: Office) -> None:
    office.box.xero.tokens.lapse()


def connection_removed(office: Office) -> None:
    office.box.xero.disconnect(HOME)


def another_xero_organisation(office: Office) -> None:
    office.box.xero.disconnect(HOME)
    office.box.xero.reconnect(OTHER)


def slowed_down_at_the_token_endpoint(office: Office) -> None:
    office.box.faults.add(Fault("rate_minute", service="xero", path="connect/token", times=500))


ZOHO_AGAIN, XERO_AGAIN = "Log in again: zoho-xero-sync auth zoho", "Log in again: zoho-xero-sync auth xero"
XERO_DEAD = (
    "Xero no longer accepts the stored login: it lapsed after 60 days unused, was revoked, or was used elsewhere."
)

FATES = [
    Fate(
        "Zoho's token was revoked", "zoho", revoked,
        "Zoho no longer accepts the stored login: it was revoked, replaced, or made in another data centre.",
        ZOHO_AGAIN,
    ),
    Fate(
        "Zoho's client secret was made anew", "zoho", another_zoho_secret,
        "Zoho does not accept the client secret; each data centre has its own.",
        "Copy the secret from the API console of this data centre, then: zoho-xero-sync auth zoho",
    ),
    Fate(
        "Zoho's client was deleted", "zoho", another_zoho_client,
        "Zoho does not know the client id in this data centre.",
        "Check zoho.data_center and the client id in the API console, then: zoho-xero-sync auth zoho",
    ),
    Fate(
        "Zoho's login lacks the scope of deals", "zoho", without_deals,
        "The Zoho login lacks the scope for POST /crm/v8/coql (OAUTH_SCOPE_MISMATCH).",
        "Log in again and allow everything that is asked for: zoho-xero-sync auth zoho",
        state="lacks_scope",
    ),
    Fate(
        "Zoho's login lacks the scope of quotes", "zoho", without_quotes,
        "The Zoho login lacks the scope for POST /crm/v8/coql (OAUTH_SCOPE_MISMATCH).",
        "Log in again and allow everything that is asked for: zoho-xero-sync auth zoho",
        state="lacks_scope", tokens=2,
    ),
    Fate(
        "Zoho's login reaches another organisation", "zoho", another_zoho_organisation,
        f"This ledger belongs to the Zoho organisation {HOME} (5725767000000000001) and the login reaches Foreign "
        "Traders (99). Nothing was sent.",
        "Log in to the right one (zoho-xero-sync auth zoho), or use another ledger.",
        code=13, state="elsewhere",
    ),
    Fate(
        "Zoho gives no more tokens for now", "zoho", ten_tokens_in_ten_minutes,
        "Zoho gives no new access token for some minutes, because too many were asked for.",
        "The login itself is fine. Wait ten minutes; the next run goes on.",
        code=4, state="unreachable",
    ),
    Fate(
        "Xero's client secret was made anew", "xero", another_xero_secret,
        "Xero does not accept the client id or the client secret.",
        "Copy both from the app's page in developer.xero.com, then: zoho-xero-sync auth xero",
    ),
    Fate(
        "Xero's app is of another type", "xero", app_of_another_type,
        "Xero does not allow this app to log in the way xero.connection says.",
        "Set xero.connection to the app's own type (custom, pkce or web), then: zoho-xero-sync auth xero",
    ),
    Fate(
        "Xero's login lacks a granular scope", "xero", without_invoices,
        "The Xero login lacks the scope for GET /api.xro/2.0/Invoices.",
        "Add the scope to the app in developer.xero.com, then: zoho-xero-sync auth xero",
        state="lacks_scope",
    ),
    Fate(
        "Xero's login was not used for 60 days", "xero", sixty_days_pass, XERO_DEAD, XERO_AGAIN,
        connection="pkce", tokens=2,
    ),
    Fate("Xero's login was revoked", "xero", allowed_no_longer, XERO_DEAD, XERO_AGAIN, connection="web", tokens=2),
    Fate(
        "Xero's custom connection was removed", "xero", connection_removed,
        f"The Xero login reaches no organisation any more; it was connected to {HOME}.",
        "Connect it again: zoho-xero-sync auth xero",
    ),
    Fate(
        "Xero's organisation was disconnected", "xero", connection_removed,
        f"The Xero login reaches no organisation any more; it was connected to {HOME}.",
        "Connect it again: zoho-xero-sync auth xero",
        connection="web",
    ),
    Fate(
        "Xero's login reaches another organisation", "xero", another_xero_organisation,
        f"This ledger belongs to the Xero organisation {HOME} and the login reaches {OTHER}. Nothing was sent.",
        "Log in to the right one (zoho-xero-sync auth xero), or use another ledger.",
        code=13, state="elsewhere", connection="web",
    ),
    Fate(
        "Xero gives no tokens for now", "xero", slowed_down_at_the_token_endpoint,
        "Xero still asks to slow down (429) after ",
        "It is safe to run it again: the next run goes on where this one stopped.",
        code=4, state="unreachable", tokens=20,
    ),
]  # fmt: skip


@pytest.fixture
def settled(tmp_path: Path) -> Iterator[Callable[[str], Office]]:
    """Opens an office whose logins work and whose ledger knows both organisations."""
    opened: list[Any] = []

    def settle(connection: str) -> Office:
        others = {} if connection == "custom" else {"organisations": [{"Name": OTHER}]}
        opened.append(office_in(tmp_path, connection, **others))
        office: Office = opened[-1].__enter__()
        office.log_in_zoho()
        office.log_in_xero(*(["--tenant", HOME] if others else []))
        if others:
            office.box.xero.disconnect(OTHER)
        office.run("sync")
        return office

    yield settle
    for each in opened:
        each.__exit__(None, None, None)


@pytest.mark.parametrize("fate", FATES, ids=lambda fate: fate.name.replace(" ", "-"))
def test_the_fate_of_a_login(settled: Callable[[str], Office], fate: Fate) -> None:
    office = settled(fate.connection)
    placed = order("new", "Closed Won")
    office.wait(hours=2)
    fate.happens(office)
    office.box.zoho.create("Deals", placed.deal)
    office.box.zoho.create("Quotes", placed.quote)
    office.wait(minutes=1)
    for _ in range(2):
        report, tokens = synced(office, fate)
        problem = report["problems"][0]
        assert problem["message"].startswith(fate.message)
        assert problem["hint"] == fate.hint
        assert (len(report["problems"]), report["notes"]) == (1, [])
        assert report["exit_code"] == fate.code
        assert tokens <= fate.tokens + 1
    login = office.status("--check", code=12 if fate.state == "elsewhere" else fate.code)[fate.service]
    assert login["state"] == fate.state
    assert "zoho-xero-sync auth" in login["hint"] or fate.code == 4


def synced(office: Office, fate: Fate) -> tuple[dict[str, Any], int]:
    """A run's report, and how many tokens it asked the service of this fate for."""
    before = len(office.box.calls.all())
    report = json.loads(office.run("sync", "--json", code=fate.code).out)
    calls = office.box.calls.all()[before:]
    return report, sum(call.kind == "token" and call.service == fate.service for call in calls)
