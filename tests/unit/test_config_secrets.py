"""A secret in the configuration: found, never shown, and told where it belongs."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoho_xero_sync.config import load_config
from zoho_xero_sync.errors import ConfigError

LEAST = "version: 1\nstages: [{stage: Won, invoice: draft}]\n"
ZOHO_TOKEN = "1000.0c1d2e3f405162738495a6b7c8d9eaf0.0f1e2d3c4b5a69788796a5b4c3d2e1f0"
XERO_SECRET = "Xq7Canary0123456789_abcdefghijklmnopqrstuvwxyz-AB"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJjYW5hcnkiOjF9.c2lnbmF0dXJl"
SECRET = "Then replace it, because it was on disk."


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


SECRETS = [
    ("zoho:\n  client_secret: {}", "hunter2canary",
     "4: zoho.client_secret: is a secret, and has no place in this file. "
     "Remove it, and set ZXS_ZOHO_CLIENT_SECRET in the environment or run `zoho-xero-sync auth zoho`. " + SECRET),
    ("xero: {{refresh-token: {}}}", "hunter2canary",
     "3: xero.refresh-token: is a secret, and has no place in this file. "
     "Remove it, and set ZXS_XERO_REFRESH_TOKEN in the environment or run `zoho-xero-sync auth xero`. " + SECRET),
    ("ZXS_XERO_CLIENT_SECRET: {}", "hunter2canary", "3: ZXS_XERO_CLIENT_SECRET: is a secret, and has no place in this "
     "file. Remove it, and set ZXS_XERO_CLIENT_SECRET in the environment or run `zoho-xero-sync auth xero`. " + SECRET),
    ("zoho: {{client_id: {}}}", "1000.CANARYCLIENT", "3: zoho.client_id: is kept with the login, not in this file. "
     "Remove it, and set ZXS_ZOHO_CLIENT_ID in the environment or run `zoho-xero-sync auth zoho`."),
    ("password: {}", "hunter2canary", "3: password: is a secret, and has no place in this file. Remove it, and set its "
     "ZXS_ variable in the environment or run `zoho-xero-sync auth zoho` or `auth xero`. " + SECRET),
    ("secrets: {{token: [{}, {{deep: {}}}]}}", "hunter2canary", "3: secrets.token: is a secret, and has no place in "
     "this file. Remove it, and set its ZXS_ variable in the environment or run `zoho-xero-sync auth zoho` or `auth "
     "xero`. " + SECRET),
    ("zoho: {{note: {}}}", ZOHO_TOKEN, "3: zoho.note: looks like a secret. Remove it, and set its ZXS_ variable in the "
     "environment or run `zoho-xero-sync auth zoho`. " + SECRET),
    ("xero: {{connection: {}}}", XERO_SECRET, "3: xero.connection: looks like a secret. Remove it, and set its ZXS_ "
     "variable in the environment or run `zoho-xero-sync auth xero`. " + SECRET),
    ("invoice: {{reference: 'Bearer {}'}}", JWT, "3: invoice.reference: looks like a secret. Remove it, and set its "
     "ZXS_ variable in the environment or run `zoho-xero-sync auth zoho` or `auth xero`. " + SECRET),
    ("lines: {{from: [quote, {}]}}", XERO_SECRET, "3: lines.from[1]: looks like a secret. Remove it, and set its ZXS_ "
     "variable in the environment or run `zoho-xero-sync auth zoho` or `auth xero`. " + SECRET),
    ("xero: {{{}: x}}", ZOHO_TOKEN, "3: xero.***: looks like a secret. Remove it, and set its ZXS_ variable in the "
     "environment or run `zoho-xero-sync auth xero`. " + SECRET),
    ("xero: {{api_url: 'https://me:{}@api.example.com'}}", "hunter2canary", "3: xero.api_url: holds a password. Write "
     "the address without it."),
    ("ledger: postgresql://sync:{}@db.example.com/sync", "hunter2canary", "3: ledger: holds a password. Write the "
     "address without it."),
]  # fmt: skip


@pytest.mark.parametrize(("added", "secret", "problem"), SECRETS)
def test_a_secret_is_told_where_it_belongs_and_never_shown(
    tmp_path: Path, added: str, secret: str, problem: str
) -> None:
    found = problems(tmp_path, LEAST + added.format(*[secret] * added.count("{}")) + "\n")
    assert found == [problem]
    assert secret not in "".join(found)


@pytest.mark.parametrize("secret", [ZOHO_TOKEN, XERO_SECRET, JWT, "hunter2canary"])
@pytest.mark.parametrize(
    "broken",
    [
        "client_secret={}",
        "zoho:\n\tclient_secret: {}",
        'zoho: {{client_secret: "{}',
        "zoho: client_secret: {}",
        "{}: [",
        "@{}",
        "*{}",
        "&{} a\n&{} b",
        "!{}!x a",
        "%{}",
        "\0{}",
        "- {}",
        "client_secret: {}\nclient_secret: {}",
        "? {{client_secret: {}}}\n: x",
    ],
)
def test_no_broken_file_shows_a_secret(tmp_path: Path, broken: str, secret: str) -> None:
    (tmp_path / "config.yaml").write_text(broken.format(*[secret] * broken.count("{}")), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(None, environ={}, cwd=tmp_path)
    assert secret not in f"{caught.value!s}{caught.value!r}{caught.value.problems!r}"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "harmless",
    [
        "xero: {tenant: 0c1d2e3f-4051-6273-8495-a6b7c8d9eaf0}",
        "xero: {tenant: The Very Long Named Example Company of North 12345 Limited}",
        "invoice: {branding_theme: A-Theme-With-Many-Hyphens-And-No-Digits-In-Its-Name}",
        "invoice: {accounts: {TOKEN-01: '260', Secret Santa: '261'}}",
        "secrets: {store: file, file: /var/lib/zoho-xero-sync/state/2026/secrets-of-the-books-department.json}",
        "lines: {quote_stages: ['Password: agreed']}",
    ],
)
def test_what_only_resembles_a_secret_is_let_through(tmp_path: Path, harmless: str) -> None:
    (tmp_path / "config.yaml").write_text(LEAST + harmless + "\n", encoding="utf-8")
    assert load_config(None, environ={}, cwd=tmp_path).rules.stages
