"""Putting a whole new ledger where another one was, or was lost: built beside it, the old one kept under a new name."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from zoho_xero_sync.core.model import Identity
from zoho_xero_sync.errors import LedgerError
from zoho_xero_sync.ledger.opening import create_file, open_engine, put_in_place
from zoho_xero_sync.ledger.place import require_path
from zoho_xero_sync.ledger.store import Ledger


@contextmanager
def replaced_ledger(url: str, identity: Identity, at: datetime) -> Iterator[Ledger]:
    """A new ledger to fill. When the block ends well it stands at its place, and what was there has another name.

    The caller holds the run lock. A block that raises, or a crash, leaves everything as it was. Raises LedgerError when
    the folder cannot be written.
    """
    path = require_path(url).resolve()
    # Named as a ledger in the making is, so that what a crash leaves is cleared with the others.
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    create_file(scratch, identity)
    try:
        with Ledger(open_engine(scratch, read_only=False), scratch, read_only=False) as ledger:
            yield ledger
        _set_aside(path, at)
        put_in_place(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
        scratch.with_name(f"{scratch.name}-journal").unlink(missing_ok=True)


def aside_name(url: str, at: datetime) -> Path:
    """Where the ledger at `url` goes when a new one takes its place at this instant."""
    path = require_path(url).resolve()
    name = f"{path.name}.until-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    taken = sum(1 for _ in path.parent.glob(f"{name}*"))
    return path.with_name(f"{name}-{taken + 1}" if taken else name)


def _set_aside(path: Path, at: datetime) -> None:
    """Rename what is there. Its rollback journal goes with it: beside a new ledger it would be played into that."""
    target = aside_name(f"sqlite:///{path}", at)
    try:
        for suffix in ("-journal", "-wal", "-shm", ""):
            old = path.with_name(f"{path.name}{suffix}")
            if old.exists():
                old.rename(target.with_name(f"{target.name}{suffix}"))
    except OSError as error:
        raise LedgerError(
            f"The ledger at {path} cannot be set aside: {error.strerror}.",
            "Make its folder writable for this user, then run again.",
        ) from error
