"""Putting a whole new ledger where another one was, or was lost: built beside it, the old one kept under a new name."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from zoho_xero_sync.core.model import Identity
from zoho_xero_sync.errors import LedgerError
from zoho_xero_sync.ledger.opening import create_file, open_engine
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
        _put_in_its_place(scratch, path, at)
    finally:
        scratch.unlink(missing_ok=True)
        scratch.with_name(f"{scratch.name}-journal").unlink(missing_ok=True)


def aside_name(url: str, at: datetime) -> Path:
    """Where the ledger at `url` goes when a new one takes its place at this instant."""
    path = require_path(url).resolve()
    name = f"{path.name}.until-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    taken = sum(1 for _ in path.parent.glob(f"{name}*"))
    return path.with_name(f"{name}-{taken + 1}" if taken else name)


def _put_in_its_place(scratch: Path, path: Path, at: datetime) -> None:
    """Give what is there a second name, then let the new ledger take the first one: at no moment is there none.

    The old one's rollback journal goes with it: SQLite would play it into the new one.
    """
    target = aside_name(f"sqlite:///{path}", at)
    try:
        for suffix in ("-journal", "-wal", "-shm"):
            beside = path.with_name(f"{path.name}{suffix}")
            if beside.exists():
                beside.rename(target.with_name(f"{target.name}{suffix}"))
        if path.exists():
            target.hardlink_to(path)
        scratch.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise LedgerError(
            f"The ledger at {path} cannot be set aside: {error.strerror}.",
            "Keep it on a local disk of this machine, in a folder this user can write, then run again.",
        ) from error
