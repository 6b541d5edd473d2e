"""What `demo` and `sandbox` share: a sandbox, the configuration that points at it, its logins and its clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any

from zoho_xero_sync.errors import UsageError

if TYPE_CHECKING:
    from zoho_xero_sync.sandbox import Sandbox, VirtualClock

# What the two usual stages mean in a rehearsal; a world without either has its last stage approved.
_USUAL_STAGES = {"Confirmed": "draft", "Closed Won": "authorised"}
_USUAL_ACCOUNT = "200"


@dataclass(frozen=True, slots=True)
class SandboxClock:
    """The sandbox's own time, for a program that runs beside it in one process; a wait only moves that time on."""

    virtual: VirtualClock

    def now(self) -> datetime:
        """Aware UTC."""
        return self.virtual.now()

    def monotonic(self) -> float:
        """Seconds that never go back; the virtual waits are part of them."""
        return self.virtual.now().timestamp()

    def sleep(self, seconds: float) -> None:
        """Move the sandbox's clock; returns at once."""
        self.virtual.advance(seconds)


def require_sandbox() -> None:
    """Import the sandbox package. Raises UsageError with the command that installs what it needs."""
    try:
        import_module("zoho_xero_sync.sandbox")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in ("flask", "werkzeug"):
            raise
        raise UsageError(
            "The sandbox needs the web framework Flask, and it is not installed.",
            "Install it with: pip install 'zoho-xero-sync[sandbox]'",
        ) from None


def sandbox_logins(world: Mapping[str, Any]) -> dict[str, str]:
    """The environment variables that log in to a sandbox of this world. They are made up and open nothing else."""
    zoho, xero = world["zoho"]["client"], world["xero"]["client"]
    logins = {
        "ZXS_ZOHO_CLIENT_ID": zoho["id"],
        "ZXS_ZOHO_CLIENT_SECRET": zoho["secret"],
        "ZXS_ZOHO_REFRESH_TOKEN": zoho["refresh_token"],
        "ZXS_XERO_CLIENT_ID": xero["id"],
    }
    if world["xero"]["connection"] != "pkce":
        logins["ZXS_XERO_CLIENT_SECRET"] = xero["secret"]
    if world["xero"]["connection"] != "custom" and world["xero"].get("refresh_token"):
        logins["ZXS_XERO_REFRESH_TOKEN"] = world["xero"]["refresh_token"]
    return {name: str(value) for name, value in logins.items()}


def sandbox_stages(world: Mapping[str, Any]) -> dict[str, str]:
    """Stage name to the invoice it starts, as `sandbox_config` writes it."""
    known = [stage for stages in world["zoho"]["pipelines"].values() for stage in stages]
    usual = {stage: invoice for stage, invoice in _USUAL_STAGES.items() if stage in known}
    return usual or dict.fromkeys(known[-1:], "authorised")


def stage_lines(world: Mapping[str, Any]) -> list[str]:
    """The entries under `stages:` of `sandbox_config`."""
    stages = sandbox_stages(world)
    return [f"  - {{stage: {_quoted(stage)}, invoice: {invoice}}}" for stage, invoice in stages.items()]


def sandbox_config(box: Sandbox) -> str:
    """A configuration for the running sandbox, as YAML; every name in it exists in the sandbox's world."""
    world = box.world
    lines = [
        "version: 1",
        f"zoho: {{data_center: au, accounts_url: {_quoted(box.zoho_url)}, api_url: {_quoted(box.zoho_url)}}}",
        "xero:",
        f"  connection: {world['xero']['connection']}",
        *(f"  {name}: {_quoted(box.xero_url)}" for name in ("identity_url", "login_url", "api_url")),
        "secrets: {store: env}",
        "stages:",
        *stage_lines(world),
        "invoice:",
        f"  account: {_quoted(_account(world))}",
        *_tax_lines(world),
    ]
    return "\n".join(lines) + "\n"


def _account(world: Mapping[str, Any]) -> str:
    sales = [str(account["Code"]) for account in world["xero"]["accounts"] if account.get("Type") == "REVENUE"]
    return sales[0] if sales and _USUAL_ACCOUNT not in sales else _USUAL_ACCOUNT


def _tax_lines(world: Mapping[str, Any]) -> list[str]:
    """Each Zoho tax with the first Xero rate for sales that is as high, and the same for lines without a tax."""
    rates: dict[Decimal, str] = {}
    for rate in world["xero"]["tax_rates"]:
        if rate.get("CanApplyToRevenue"):
            rates.setdefault(Decimal(str(rate.get("EffectiveRate", 0))), str(rate["TaxType"]))
    pairs = [
        f"{_quoted(str(name))}: {rates[Decimal(str(percent))]}"
        for name, percent in world["zoho"]["taxes"].items()
        if Decimal(str(percent)) in rates
    ]
    lines = [f"  tax: {{{', '.join(pairs)}}}"] if pairs else []
    return [*lines, f"  tax_default: {rates[Decimal(0)]}"] if Decimal(0) in rates else lines


def _quoted(text: str) -> str:
    """A YAML double-quoted scalar on one line."""
    return '"' + "".join(_escaped(sign) for sign in text) + '"'


def _escaped(sign: str) -> str:
    if sign in '"\\':
        return f"\\{sign}"
    return sign if sign.isprintable() else f"\\U{ord(sign):08x}"
