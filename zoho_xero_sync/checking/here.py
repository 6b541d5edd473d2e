"""Looks at this machine: the ledger, its lock and disk, the secret store, cron, the metrics' file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from zoho_xero_sync.checking.asking import trouble
from zoho_xero_sync.checking.cron import look_at_cron
from zoho_xero_sync.config import Config
from zoho_xero_sync.core.check_facts import HereFacts, LedgerFacts, Unread
from zoho_xero_sync.core.stages import uncovered_stages
from zoho_xero_sync.errors import SyncError
from zoho_xero_sync.ledger.lock import RunLock
from zoho_xero_sync.ledger.place import require_path
from zoho_xero_sync.ledger.store import Ledger
from zoho_xero_sync.services import Logins


def look_here(config: Config, environ: Mapping[str, str]) -> HereFacts:
    """The facts of this machine; nothing is changed, and neither service is asked."""
    secrets, missing = _secrets(config, environ)
    return HereFacts(
        ledger=_ledger(config),
        lock_holder=RunLock.for_url(config.ledger).holder(),
        disk_free=_disk_free(config),
        secrets_place="the keyring" if config.secrets.store == "keyring" else str(config.secrets.file),
        secrets=secrets,
        cron=look_at_cron(config, environ, missing),
        textfile=str(config.watch.textfile or ""),
        textfile_trouble=_textfile_trouble(config.watch.textfile),
    )


def _secrets(config: Config, environ: Mapping[str, str]) -> tuple[Unread | None, frozenset[str]]:
    """Why the secret store cannot be used (None when it can), and which secrets it does not have."""
    try:
        logins = Logins(config, environ)
        return None, frozenset(name for service in ("zoho", "xero") for name in logins.missing(service))
    except SyncError as error:
        return trouble(error), frozenset()


def _ledger(config: Config) -> LedgerFacts:
    place = str(require_path(config.ledger))
    if not Ledger.exists(config.ledger):
        return LedgerFacts(place, exists=False)
    try:
        with Ledger.open(config.ledger, read_only=True) as ledger:
            uncovered = uncovered_stages(config.rules.stages, ledger.covered_stages())
            return LedgerFacts(
                place,
                exists=True,
                baseline=ledger.checkpoint() is not None,
                uncovered=tuple(sorted(" in ".join(filter(None, pair)) for pair in uncovered)),
                unsettled=len(ledger.unsettled_writes()),
            )
    except SyncError as error:
        return LedgerFacts(place, exists=True, trouble=trouble(error))


def _disk_free(config: Config) -> int | Unread:
    folder = require_path(config.ledger).parent
    try:
        return shutil.disk_usage(folder).free
    except OSError as error:
        why = f"The ledger's folder {folder} cannot be looked at: {error.strerror or 'unknown reason'}."
        return Unread(why, f"Make it, for this user: mkdir -p '{folder}'", "ledger")


def _textfile_trouble(file: Path | None) -> Unread | None:
    """Why the metrics could not be written; they are replaced whole, so it is their folder that must be writable."""
    if file is None:
        return None
    if not file.parent.is_dir():
        why = f"watch.textfile cannot be written at {file}: there is no folder {file.parent}."
        return Unread(why, "Make the folder, or correct watch.textfile.", "deals")
    if file.is_dir() or not os.access(file.parent, os.W_OK | os.X_OK):
        why = f"watch.textfile cannot be written at {file} by this user."
        return Unread(why, "Give this user the right to write in its folder, or correct watch.textfile.", "deals")
    return None
