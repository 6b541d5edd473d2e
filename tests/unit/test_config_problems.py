"""Every way a person gets the configuration wrong: the line, the key, what is wrong, what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoho_xero_sync.config import load_config
from zoho_xero_sync.errors import ConfigError

# Two lines, so that what a case adds begins on line 3.
LEAST = "version: 1\nstages: [{stage: Won, invoice: draft}]\n"
QUOTED = 'Put it in quotes, such as "{Deal_Name}".'
KEYS_OF_TOP = (
    "version, zoho, xero, secrets, ledger, stages, when, lines, customer, invoice, limits, poll, write_back, watch"
)
STAGES_LIKE = "Write it as a list: - stage: Closed Won, and below it invoice: draft."
DUE = "Write {days: 14}, {end_of_next_month: true} or {field: Api_Name}."
USE_DEFAULT = "Give a value, or remove the line to use the default."
API_NAME = "Copy it from Zoho: Setup, Developer Hub, APIs & SDKs, API names."
EXAMPLE = "Compare it with config.example.yaml."
HTTPS = "Write it as https://host."
LOOPBACK = "Use https; http is allowed on localhost, 127.0.0.1 and [::1] only."
BRACES = "Write fields as {Deal_Name}; for a brace itself write {{ or }}."


def problems(directory: Path, content: str | bytes) -> list[str]:
    """Every problem as a person reads it, without the file's name."""
    data = content.encode() if isinstance(content, str) else content
    (directory / "config.yaml").write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        load_config(None, environ={}, cwd=directory)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(caught.value.problems)
    assert all(line.startswith("config.yaml:") for line in lines)
    return [line.removeprefix("config.yaml:").strip() for line in lines]


# ---- One thing wrong in one value: what is added below LEAST, and the problem ----

VALUES = [
    # unknown keys
    ("zoh: {}", "3: zoh: is not a known key. Did you mean zoho?"),
    ("account: '200'", "3: account: is not a known key. It belongs under invoice or invoice.rounding."),
    ("data_center: au", "3: data_center: is not a known key. It belongs under zoho."),
    ("colour: red", f"3: colour: is not a known key. Known here: {KEYS_OF_TOP}."),
    ("zoho:\n  datacenter: au", "4: zoho.datacenter: is not a known key. Did you mean data_center?"),
    ("zoho:\n  Data_Center: au", "4: zoho.Data_Center: is not a known key. Did you mean data_center?"),
    ("when: {leave_stages: hold}", "3: when.leave_stages: is not a known key. Did you mean leaves_stages?"),
    ("invoice: {due: {day: 3}}", "3: invoice.due.day: is not a known key. Did you mean days?"),
    ("lines:\n  subform:\n    qty: Q", "5: lines.subform.qty: is not a known key. Known here: module, product, "
     "quantity, price, discount, description."),
    ('"a\\nb": 1', rf"3: a\nb: is not a known key. Known here: {KEYS_OF_TOP}."),
    ('zoho: {data_center: "a\\e\\nu"}',
     r"3: zoho.data_center: 'a\x1b\nu' is not one of us, eu, in, au, jp, cn, ca, sa, uk, "
     "ae. Did you mean au?"),
    # a key twice
    ("ledger: sqlite:///a.db\nledger: sqlite:///b.db", "4: ledger: is already set in line 3. Keep one of the two."),
    ("invoice:\n  account: '1'\n  account: '2'", "5: invoice.account: is already set in line 4. Keep one of the two."),
    ("invoice: {tax: {GST: OUTPUT, GST: NONE}}", "3: invoice.tax.GST: is already set in line 3. Keep one of the two."),
    # written back
    ("write_back: {total: Amount}", "3: write_back.total: is Amount, which the invoice itself depends on. Make a field "
     "for it in Zoho."),
    ("write_back: {number: PO_Number}\ninvoice: {reference: '{PO_Number}'}", "3: write_back.number: is PO_Number, "
     "which the invoice itself depends on. Make a field for it in Zoho."),
    ("write_back: {total: Sum, due: Sum}", "3: write_back.due: is Sum, as write_back.total is. Name a field of its "
     "own."),
    ("write_back: {note: sometimes}", "3: write_back.note: is neither true nor false. Write true or false, "
     "without quotes."),
    # wrong kinds
    ("zoho: au", "3: zoho: is a single value, not a section. Put its keys under it: data_center, accounts_url, "
     "api_url."),
    ("limits: [200]", "3: limits: is a list, not a section. Put its keys under it: invoices_per_run, invoice_total, "
     "xero_calls_kept."),
    ("xero: {tenant: [a, b]}", "3: xero.tenant: is a list, not text. Give one text."),
    ("xero:\n  tenant:\n    name: a", "5: xero.tenant: is a mapping, not text. Give one text."),
    ("zoho: {data_center: }", f"3: zoho.data_center: is empty. {USE_DEFAULT}"),
    ("xero: {tenant: '  '}", f"3: xero.tenant: is empty. {USE_DEFAULT}"),
    ("lines: {from: quote}", "3: lines.from: is a single value, not a list. Write it as [quote, amount]."),
    ("lines: {from: }", "3: lines.from: is empty, not a list. Write it as [quote, amount]."),
    ("lines: {quote_stages: []}", "3: lines.quote_stages: is an empty list. Write it as [Confirmed, Closed Won], or "
     "remove the line to use the default."),
    ("invoice: {tax: OUTPUT}", "3: invoice.tax: is a single value, not a mapping. Write name: value pairs."),
    ("invoice: {tax: {'': OUTPUT}}", "3: invoice.tax: has a pair without a name. Name it, or remove it."),
    ("invoice: {tax: {GST: }}", f"3: invoice.tax.GST: is empty. {USE_DEFAULT}"),
    ("invoice: {tracking: {category: a}}", "3: invoice.tracking: is a mapping, not a list. Write it as "
     '[{category: Region, option: "{Territory}"}].'),
    ("invoice: {tracking: [Region]}", "3: invoice.tracking[0]: is a single value, not a section. Put its keys under "
     "it: category, option."),
    # choices
    ("zoho: {data_center: usa}", "3: zoho.data_center: 'usa' is not one of us, eu, in, au, jp, cn, ca, sa, uk, ae. "
     "Did you mean us?"),
    ("zoho: {data_center: no}", "3: zoho.data_center: 'no' is not one of us, eu, in, au, jp, cn, ca, sa, uk, ae. "
     "Choose one."),
    ("xero: {connection: PKCE}", "3: xero.connection: 'PKCE' is not one of custom, pkce, web. Did you mean pkce?"),
    ("secrets: {store: vault}", "3: secrets.store: 'vault' is not one of keyring, file, env. Choose one."),
    ("when: {deal_deleted: delete}", "3: when.deal_deleted: 'delete' is not one of hold, void, keep. Choose one."),
    ("when: {changed_after_approval: void}", "3: when.changed_after_approval: 'void' is not one of hold, update. "
     "Choose one."),
    ("lines: {from: [quote, quotes]}", "3: lines.from[1]: 'quotes' is not one of quote, sales_order, zoho_invoice, "
     "subform, amount. Did you mean quote?"),
    ("lines: {from: [quote, amount, quote]}", "3: lines.from[2]: 'quote' is listed twice. Remove one."),
    ("customer: {match: [phone]}", "3: customer.match[0]: 'phone' is not one of number, email, name. Choose one."),
    ("invoice: {amounts: Exclusive}", "3: invoice.amounts: 'Exclusive' is not one of exclusive, inclusive, no_tax. "
     "Did you mean exclusive?"),
    ("invoice: {items: yes}", "3: invoice.items: 'yes' is not one of ignore, match, create. Choose one."),
    # booleans, numbers, amounts
    ("customer: {update: 'true'}", "3: customer.update: is neither true nor false. Write true or false, without "
     "quotes."),
    ("customer: {update: 1}", "3: customer.update: is neither true nor false. Write true or false, without quotes."),
    ("limits: {invoices_per_run: -1}", "3: limits.invoices_per_run: -1 is out of range. Write a number from 0 to "
     "100000."),
    ("limits: {invoices_per_run: many}", "3: limits.invoices_per_run: is not a whole number. Write a number from 0 to "
     "100000, without quotes."),
    ("limits: {xero_calls_kept: 5000}", "3: limits.xero_calls_kept: 5000 is out of range. Write a number from 0 to "
     "4999."),
    ("limits: {xero_calls_kept: 1.5}", "3: limits.xero_calls_kept: is not a whole number. Write a number from 0 to "
     "4999, without quotes."),
    ("limits: {invoice_total: 1e6}", '3: limits.invoice_total: is not an amount. Write digits with a point, such as '
     '"0.05".'),
    ("limits: {invoice_total: .inf}", '3: limits.invoice_total: is not an amount. Write digits with a point, such as '
     '"0.05".'),
    ("limits: {invoice_total: '1,000'}", '3: limits.invoice_total: is not an amount. Write digits with a point, such '
     'as "0.05".'),
    ("limits: {invoice_total: -5}", "3: limits.invoice_total: is negative. Write 0 or more."),
    ("invoice: {rounding: {limit: -0.05}}", "3: invoice.rounding.limit: is negative. Write 0 or more."),
    ("invoice: {rounding: {limit: }}", '3: invoice.rounding.limit: is not an amount. Write digits with a point, such '
     'as "0.05".'),
    ("invoice: {account_field: Kind}", "3: invoice.account_field: is set, but invoice.accounts is empty. Name an "
     "account for its values there."),
    ("invoice: {header_discount_account: '260'}", "3: invoice.header_discount_account: is set, but no line is made of "
     "it. Set header_discount: line."),
    ("invoice: {header_discount: sprad}", "3: invoice.header_discount: 'sprad' is not one of spread, line, hold. Did "
     "you mean spread?"),
    ("invoice: {locked_date: move}", "3: invoice.locked_date: 'move' is not one of hold, first_open_day. Choose one."),
    ("invoice: {exchange_rate: zoho}", "3: invoice.exchange_rate: 'zoho' is not one of xero, document. Choose one."),
    ("invoice: {rounding: {account: '860', limit: 0}}", "3: invoice.rounding.limit: is 0, so the rounding account "
     "would never be used. Raise it, or set account: null."),
    # addresses
    ("zoho: {api_url: www.zohoapis.eu}", f"3: zoho.api_url: 'www.zohoapis.eu' is not a web address. {HTTPS}"),
    ("zoho: {api_url: ftp://a.example.com}", f"3: zoho.api_url: 'ftp://a.example.com' is not a web address. {HTTPS}"),
    ("zoho: {api_url: https://}", f"3: zoho.api_url: 'https://' is not a web address. {HTTPS}"),
    ("zoho: {api_url: 'https://a:99999'}", f"3: zoho.api_url: is not a web address. {HTTPS}"),
    ("zoho: {api_url: 'https://[::1'}", f"3: zoho.api_url: is not a web address. {HTTPS}"),
    ("zoho: {api_url: 'https://a b'}", f"3: zoho.api_url: is not a web address. {HTTPS}"),
    ("zoho: {api_url: http://a.example.com}", f"3: zoho.api_url: http://a.example.com is not encrypted. {LOOPBACK}"),
    ("zoho: {api_url: http://128.0.0.1}", f"3: zoho.api_url: http://128.0.0.1 is not encrypted. {LOOPBACK}"),
    ("zoho: {api_url: http://localhost.example.com}", "3: zoho.api_url: http://localhost.example.com is not "
     f"encrypted. {LOOPBACK}"),
    ("xero: {api_url: https://api.xero.com/api.xro/2.0}", "3: xero.api_url: has "
     "more than scheme, host and port. Write https://api.xero.com only."),
    ("xero: {login_url: https://me@login.example.com}", "3: xero.login_url: holds a user name or password. Give the "
     "address without them."),
    # the ledger and files
    ("ledger: ledger.db", "3: ledger: 'ledger.db' does not name a SQLite file. Write it as sqlite:///ledger.db."),
    ("ledger: 'sqlite://'", "3: ledger: 'sqlite://' does not name a SQLite file. Write it as sqlite:///ledger.db."),
    ("ledger: 'sqlite:///:memory:'", "3: ledger: 'sqlite:///:memory:' does not name a SQLite file. Write it as "
     "sqlite:///ledger.db."),
    ("ledger: sqlite:///a.db?mode=ro", "3: ledger: has options after the file. Give the file "
     "only."),
    ("secrets: {file: ~no-such-user-here/s.json}", "3: secrets.file: '~no-such-user-here/s.json' names a user without "
     "a home directory. Give the path in full."),
    # names and templates
    ("lines: {subform: {module: Deal Items}}", "3: lines.subform.module: 'Deal Items' is not a Zoho API name (letters, "
     f"digits and underscores only). {API_NAME}"),
    ("lines: {from: [subform]}", "3: lines.from: has subform, but lines.subform.module is not set. Set it to the "
     "subform's API name."),
    ("lines: {amount_description: '{}'}", f"3: lines.amount_description: '{{}}' names no field. {BRACES}"),
    ("invoice: {reference: '{Deal_Name'}", "3: invoice.reference: The '{' at character 1 has no '}' after it. "
     f"{BRACES}"),
    ("invoice: {reference: 'x}'}", f"3: invoice.reference: The '}}' at character 2 has no '{{' before it. {BRACES}"),
    ("invoice: {reference: '{Deal Name}'}",
     "3: invoice.reference: '{Deal Name}' is not a Zoho API field name (letters, "
     f"digits and underscores only). {BRACES}"),
    ("invoice:\n  reference: {Deal_Name}",
     f"4: invoice.reference: is read as a mapping because of its braces. {QUOTED}"),
    ("invoice: {number: INV}", "3: invoice.number: is the same for every deal. Write xero, or a template such as "
     '"ZC-{id}".'),
    ("invoice: {number: }", f"3: invoice.number: is empty. {USE_DEFAULT}"),
    ("customer: {number: C}", "3: customer.number: has no {id}, so customers would share one number. Write it as "
     '"{id}" or "ZC-{id}".'),
    ("customer: {number: '{id}-{Deal_Name}'}", "3: customer.number: takes {Deal_Name}, which may differ between two "
     "deals of one customer. Take {id} only, the id of the customer."),
    # dates
    ("invoice: {date: Today}", "3: invoice.date: 'Today' is not a field. Write today in small letters."),
    ("invoice: {date: 2026-01-31}", "3: invoice.date: '2026-01-31' is not a Zoho API name (letters, digits and "
     f"underscores only). {API_NAME}"),
    ("invoice: {due: 14}", f"3: invoice.due: is a single value, not one of its three forms. {DUE}"),
    ("invoice: {due: }", f"3: invoice.due: is empty, not one of its three forms. {DUE}"),
    ("invoice: {due: {}}", f"3: invoice.due: has 0 of its three forms, not one. {DUE}"),
    ("invoice: {due: {days: 7, field: Due}}", f"3: invoice.due: has 2 of its three forms, not one. {DUE}"),
    ("invoice: {due: {days: 3651}}", "3: invoice.due.days: 3651 is out of range. Write a number from 0 to 3650."),
    ("invoice: {due: {days: '7'}}", "3: invoice.due.days: is not a whole number. Write a number from 0 to 3650, "
     "without quotes."),
    ("invoice: {due: {end_of_next_month: false}}", "3: invoice.due.end_of_next_month: is false, which says nothing "
     f"about the due date. {DUE}"),
    # Xero's codes
    ("invoice: {account: 0200}", "3: invoice.account: starts with 0 and has no quotes, so YAML takes it for a number. "
     'Write "0200".'),
    ("invoice: {account: Sales account}", "3: invoice.account: is longer than the 10 characters of a Xero account "
     "code. Give the account's code, not its name."),
    ("invoice: {accounts: {A-1: 0200}}", "3: invoice.accounts.A-1: starts with 0 and has no quotes, so YAML takes it "
     'for a number. Write "0200".'),
    ("invoice: {tax: {GST: GST on Income}}", "3: invoice.tax.GST: 'GST on Income' is not a Xero TaxType. Give the "
     "code, such as OUTPUT or TAX001, not the rate's name."),
    ("invoice: {tax_default: 10%}", "3: invoice.tax_default: '10%' is not a Xero TaxType. Give the code, such as "
     "OUTPUT or TAX001, not the rate's name."),
    ("invoice:\n  tracking:\n    - {category: A}",
     "5: invoice.tracking[0].option: is missing. Give the option, such as "
     '"{Territory}".'),
    ("invoice: {tracking: [{category: A, option: a}, {category: A, option: b}]}", "3: invoice.tracking: names one "
     "category twice. Remove one."),
    ("invoice: {tracking: [{category: A, option: a}, {category: B, option: b}, {category: C, option: c}]}",
     "3: invoice.tracking: has 3 categories; Xero allows two on a line. Keep two of them."),
    # signs that YAML keeps for itself
    ("xero: {tenant: !env TENANT}", "3: xero.tenant: has a YAML tag, which is not understood here. Remove it."),
    ("? [a]\n: b", '3: has a key that is not text. Put text with braces in quotes: "{id}".'),
    ("<<: {ledger: x}", f"3: <<: is not a known key. Known here: {KEYS_OF_TOP}."),
]  # fmt: skip


@pytest.mark.parametrize(("added", "problem"), VALUES)
def test_a_value_that_is_wrong(tmp_path: Path, added: str, problem: str) -> None:
    assert problems(tmp_path, LEAST + added + "\n") == [problem]


# ---- The whole text, for what concerns the first lines ----

TEXTS: list[tuple[str | bytes, str]] = [
    ("stages: [{stage: Won, invoice: none}]", "1: version: is missing. Add version: 1 as the first line."),
    ("version: 2\nstages: [{stage: Won, invoice: none}]", "1: version: is not 1, the only version known. Write "
     "version: 1, or update zoho-xero-sync."),
    ("version: 1.0\nstages: [{stage: Won, invoice: none}]", "1: version: is not 1, the only version known. Write "
     "version: 1, or update zoho-xero-sync."),
    ("version: 1\n", f"1: stages: is missing, so no deal would ever be invoiced. {STAGES_LIKE}"),
    ("version: 1\nstages: []\n", f"2: stages: is an empty list, so no deal would ever be invoiced. {STAGES_LIKE}"),
    ("version: 1\nstages: Won\n", f"2: stages: is a single value, not a list. {STAGES_LIKE}"),
    ("version: 1\nstages:\n", f"2: stages: is empty, not a list. {STAGES_LIKE}"),
    ("version: 1\nstages:\n  stage: Won\n", f"3: stages: is a mapping, not a list. {STAGES_LIKE}"),
    ("version: 1\nstages:\n  - Won\n", "3: stages[0]: is a single value, not a section. Put its keys under it: stage, "
     "pipeline, invoice, email, share."),
    ("version: 1\nstages:\n  - stage: Won\n", "3: stages[0].invoice: is missing. Choose one of none, draft, submitted, "
     "authorised."),
    ("version: 1\nstages:\n  - invoice: draft\n", "3: stages[0].stage: is missing. Name one or more stages, such as "
     "stage: Closed Won."),
    ("version: 1\nstages:\n  - stage: []\n    invoice: draft\n", "3: stages[0].stage: is an empty list. Write it as "
     "[Confirmed, Closed Won], or remove the line to use the default."),
    ("version: 1\nstages:\n  - stage: null\n    invoice: draft\n", f"3: stages[0].stage: is empty. {USE_DEFAULT}"),
    ("version: 1\nstages:\n  - stage: A\n    invoice: none\n  - stage: B\n    invoice: drafts\n",
     "6: stages[1].invoice: "
     "'drafts' is not one of none, draft, submitted, authorised. Did you mean draft?"),
    ("version: 1\nstages:\n  - stage: A\n    invoice: draft\n    email: true\n",
     "5: stages[0].email: is true, but only "
     "approved invoices leave by e-mail. Set invoice: authorised here."),
    ("version: 1\nstages:\n  - stage: A\n    invoice: draft\n    email: sent\n",
     "5: stages[0].email: is sent, but only "
     "approved invoices leave by e-mail. Set invoice: authorised here."),
    ("version: 1\nstages:\n  - stage: A\n    invoice: authorised\n    email: later\n",
     "5: stages[0].email: is none of true, false and sent. Write true, false or sent."),
    ("version: 1\nstages:\n  - stage: [A, B, A]\n    invoice: draft\n", "3: stages[0].stage[2]: 'A' is listed twice. "
     "Remove one."),
    ("version: 1\nstages:\n  - {stage: A, invoice: draft}\n  - {stage: [B, A], invoice: none}\n", "4: stages[1].stage: "
     "'A' is already taken by stages[0], which matches first. Remove one."),
    ("version: 1\nstages:\n  - {stage: A, invoice: draft}\n  - {stage: A, pipeline: P, invoice: none}\n",
     "4: stages[1].stage: 'A' is already taken by stages[0], which matches first. Remove one."),
    ("version: 1\nstages:\n  - {stage: A, pipeline: P, invoice: draft}\n  - {stage: A, pipeline: P, invoice: none}\n",
     "4: stages[1].stage: 'A' is already taken by stages[0], which matches first. Remove one."),
    # files that cannot be read as YAML, or as text
    ("", "1: The file is empty. Run `zoho-xero-sync init` to write one."),
    ("# nothing but a comment\n", "1: The file is empty. Run `zoho-xero-sync init` to write one."),
    ("- version: 1\n", f"1: The file is not a list of `key: value` lines. {EXAMPLE}"),
    ("just a note", f"1: The file is not a list of `key: value` lines. {EXAMPLE}"),
    ("version: 1\nzoho:\n\tdata_center: au\n", "3: Line 3 has a tab in its indentation. Use spaces."),
    ("version: 1\nzoho:\n  data_center: au\n \tapi_url: null\n", "4: Line 4 has a tab in its indentation. Use spaces."),
    ("version: 1\nzoho: data_center: au\n",
     "2: Line 2 has a ': ' where none can stand. Check the indentation, or quote "
     "the text."),
    ("version: 1\nxero:\n  tenant: @home\n", "3: Line 3 has a value that begins with a sign YAML keeps for itself. Put "
     "it in quotes."),
    ("version: 1\nstages\nzoho:\n", "2: Line 2 has no ': ' between key and value. Write it as key: value."),
    ("version: 1\nlines:\n  from: [quote, amount\ncustomer:\n  update: true\n", "3: Line 3 has a [ or { that is not "
     "closed. Close it, or put text with brackets in quotes."),
    ('version: 1\nxero:\n  tenant: "Example\nledger: x\n', "3: Line 3 opens a quote that is not closed. Close the "
     "quote."),
    ('version: 1\nsecrets:\n  file: "C:\\sync"\n',
     "3: Line 3 has a backslash inside double quotes. Use single quotes."),
    ('version: 1\nsecrets:\n  file: "\\UFFFFFFFF"\n',
     "3: The file has a \\U escape of a character that does not exist. Use "
     "single quotes."),
    ("version: 1\ninvoice:\n  number: {id}-1\n", "3: Line 3 does not fit what is above it. Line it up with the keys "
     'around it; put text that holds braces in quotes, such as "{Deal_Name}".'),
    ("version: 1\n zoho: {}\n", "2: Line 2 has a ': ' where none can stand. Check the indentation, or quote the text."),
    ("version: 1\n---\nversion: 1\n", "2: Line 2 is followed by a second document. Remove the line with ---."),
    ("version: 1\nledger: *other\n", "2: Line 2 refers to an alias that is not there. Put text that begins with * in "
     "quotes."),
    ("version: 1\nledger: !e!x y\n",
     "2: Line 2 has a tag, which is not understood here. Put text that begins with ! in "
     "quotes."),
    (b"version: 1\nxero: {tenant: caf\xe9}\n", "2: The file has a character that is not UTF-8. Save it as UTF-8."),
    (b"version: 1\n\x7fELF\0\0", "2: The file is not text. Check the path."),
    (b"version: 1\nledger: \x07\n", "2: The file has a control character. Remove it, or save the file again."),
    ("version: 1\n".encode("utf-16"), "The file is saved as UTF-16. Save it as UTF-8."),
    ("[" * 20_000, "1: The file is nested too deeply. Check the path."),
    ("#" * 1_000_001, "The file is larger than 1 MB, so it is no configuration. Check the path."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), TEXTS, ids=[str(number) for number in range(len(TEXTS))])
def test_a_file_that_is_wrong(tmp_path: Path, text: str | bytes, problem: str) -> None:
    assert problems(tmp_path, text) == [problem]


def test_a_directory_is_not_a_file(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").mkdir()
    with pytest.raises(ConfigError) as caught:
        load_config(None, environ={}, cwd=tmp_path)
    assert str(caught.value) == "config.yaml: This is a directory, not a file. Give the path of the file in it."


def test_a_yaml_alias_is_allowed_and_a_loop_is_not_followed(tmp_path: Path) -> None:
    text = "version: 1\nstages: &x\n  - {stage: Won, invoice: draft}\n  - *x\n"
    assert problems(tmp_path, text) == [
        "2: stages[1]: is a list, not a section. Put its keys under it: stage, pipeline, invoice, email, share."
    ]


def test_all_problems_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """version: 3
invoice:
  due: {days: x}
  account: 0200
stages:
  - stage: Won
    invoice: drft
zoho: {data_center: mars, port: 1}
version: 1
"""
    found = problems(tmp_path, text)
    assert [line.partition(": ")[0] for line in found] == ["1", "3", "4", "7", "8", "8", "9"]
