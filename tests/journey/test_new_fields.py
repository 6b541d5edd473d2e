"""`init` makes the fields of deals that write_back names, after asking."""

from __future__ import annotations

import io

import pytest
from click.testing import CliRunner
from world_tools import Desk, DeskClock, OpenDesk, Result, order
from write_back_tools import FIELDS, fields

from zoho_xero_sync.cli.hands import Hands
from zoho_xero_sync.cli.main import run

READ_ONLY = (
    "ZohoCRM.coql.READ",
    "ZohoCRM.modules.ALL",
    "ZohoCRM.org.READ",
    "ZohoCRM.settings.fields.READ",
)


def typed(desk: Desk, *argv: str, answers: tuple[str, ...] = (), asks: bool = True) -> Result:
    """One command line at a terminal where a person answers, line by line."""
    out, err = io.StringIO(), io.StringIO()
    hands = Hands(out, err, desk.environ, desk.folder, DeskClock(desk.box.clock), lambda: None, False, asks)
    with CliRunner().isolation(input="".join(f"{answer}\n" for answer in answers)):
        code = run(list(argv), hands)
    return Result(code, out.getvalue(), err.getvalue())


def made(desk: Desk) -> set[str]:
    """Which of the fields Zoho has."""
    return set(FIELDS.values()) & set(desk.box.zoho.schema["Deals"].fields)


def test_init_makes_the_fields_after_asking(desk_of: OpenDesk) -> None:
    desk = desk_of()
    desk.configure(write_back=FIELDS)
    result = typed(desk, "init", answers=("yes",))
    assert (result.code, made(desk)) == (0, set(FIELDS.values())), result.err
    assert "Made in Zoho: Xero_No, Xero_Status" in result.out
    desk.add(order("job", "Confirmed"))
    desk.sync()
    assert fields(desk)["status"] == "DRAFT"
    # A field named later: the ledger is there, and so is the offer.
    desk.configure(write_back={"link": "Xero_Page"})
    again = typed(desk, "init", answers=("yes",))
    assert (again.code, "Xero_Page" in desk.box.zoho.schema["Deals"].fields) == (13, True)


@pytest.mark.slow
@pytest.mark.parametrize(("asks", "answers"), [(True, ("no",)), (False, ())])
def test_nothing_is_made_unasked(desk_of: OpenDesk, asks: bool, answers: tuple[str, ...]) -> None:
    desk = desk_of()
    desk.configure(write_back=FIELDS)
    result = typed(desk, "init", answers=answers, asks=asks)
    assert (result.code, made(desk)) == (0, set())
    assert "Deals in Zoho have no field Xero_No" in result.err
    assert "write-back.md" in result.err


@pytest.mark.slow
def test_a_login_that_may_not_make_fields_is_told_what_it_lacks(desk_of: OpenDesk) -> None:
    desk = desk_of()
    desk.configure(write_back=FIELDS)
    desk.box.zoho.oauth.set_scopes(READ_ONLY)
    result = typed(desk, "init", answers=("yes",))
    assert (result.code, made(desk)) == (0, set())
    assert "ZohoCRM.settings.fields.CREATE" in result.err


@pytest.mark.slow
def test_a_name_too_long_for_a_label_is_left_to_a_person(desk_of: OpenDesk) -> None:
    desk = desk_of()
    desk.configure(write_back={"number": "The_Number_Of_The_Invoice_In_Xero", "due": "Xero_Due"})
    result = typed(desk, "init", answers=("yes",))
    assert (result.code, made(desk)) == (0, {"Xero_Due"})
    assert "Not made under the name the configuration has: The_Number_Of_The_Invoice_In_Xero" in result.err
