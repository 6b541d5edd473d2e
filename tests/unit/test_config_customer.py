"""The customer section in full: tax number, further fields and contact persons, right and wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoho_xero_sync.config import load_config
from zoho_xero_sync.core.rules import CustomerRules
from zoho_xero_sync.errors import ConfigError

HEAD = "version: 1\nstages:\n  - stage: Won\n    invoice: draft\ncustomer:\n"


def read(folder: Path, *lines: str) -> CustomerRules:
    """The customer rules of a file whose customer section has these lines."""
    (folder / "config.yaml").write_text(HEAD + "".join(f"  {line}\n" for line in lines), encoding="utf-8")
    return load_config(folder / "config.yaml", environ={}, cwd=folder).rules.customer


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["update: true"], CustomerRules()),
        (["tax_number: null", "fields: {}", "persons: false"], CustomerRules()),
        (["tax_number: ABN"], CustomerRules(tax_number="ABN")),
        (["persons: contact"], CustomerRules(persons=True)),
        (["persons: no"], CustomerRules(persons=False)),
        (
            ["fields: {CompanyNumber: ACN, AccountNumber: Account_Number, DefaultCurrency: Bills_In}"],
            CustomerRules(
                fields={"CompanyNumber": "ACN", "AccountNumber": "Account_Number", "DefaultCurrency": "Bills_In"}
            ),
        ),
    ],
)
def test_what_the_section_means(tmp_path: Path, lines: list[str], expected: CustomerRules) -> None:
    assert read(tmp_path, *lines) == expected


@pytest.mark.parametrize(
    ("lines", "key", "said"),
    [
        (["tax_number: My Tax"], "customer.tax_number", "is not a Zoho API name"),
        (["fields: {Website: Website}"], "customer.fields", "which Xero lets nobody write"),
        (["fields: {TaxNumber: ABN}"], "customer.fields", "has a key of its own"),
        (["fields: {Nickname: Nick}"], "customer.fields", "not a Xero field to fill here"),
        (["fields: {CompanyNumber: 'a b'}"], "customer.fields.CompanyNumber", "is not a Zoho API name"),
        (["fields: [ACN]"], "customer.fields", "is a list, not a mapping"),
        (["persons: true"], "customer.persons", "is neither false nor contact"),
        (["persons: all"], "customer.persons", "is neither false nor contact"),
        (["from: [contact]", "tax_number: ABN"], "customer.tax_number", "customer.from has no account"),
        (["from: [contact]", "fields: {CompanyNumber: ACN}"], "customer.fields", "customer.from has no account"),
        (["from: [contact]", "persons: contact"], "customer.persons", "customer.from has no account"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(tmp_path: Path, lines: list[str], key: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, *lines)
    (problem,) = caught.value.problems
    assert (problem.key, said in problem.message) == (key, True)
    assert problem.line == 5 + len(lines)
    assert problem.hint


def test_the_fields_that_are_read_go_by_their_xero_names() -> None:
    rules = CustomerRules(tax_number="ABN", fields={"CompanyNumber": "ACN"})
    assert rules.account_fields == {"TaxNumber": "ABN", "CompanyNumber": "ACN"}
    assert CustomerRules().account_fields == {}
