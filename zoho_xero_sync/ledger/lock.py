"""One run at a time per ledger: a kernel lock that dies with its holder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import sys
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from platformdirs import user_state_path

from zoho_xero_sync.errors import LedgerError, LockedError
from zoho_xero_sync.ledger.place import ledger_path


class RunLock:
    """Holds `<ledger file>.lock` while the `with` block runs.

    Entering never waits. Raises LockedError when another process (or another lock object of this one) holds it, and
    LedgerError when the lock file cannot be used. The file stays afterwards: removing it would race with the next run.
    """

    def __init__(self, path: Path) -> None:
        # Two names of one ledger share one lock.
        real = path.resolve()
        self.path = real.with_name(f"{real.name}.lock")
        self._descriptor: int | None = None

    @staticmethod
    def for_url(url: str) -> RunLock:
        """The lock of the ledger at `url`: beside a file, else in the user's state folder, named by a hash of the URL.

        The user name and password in a URL are left out of the hash.
        """
        path = ledger_path(url)
        if path is not None:
            return RunLock(path)
        parts = urlsplit(url)
        plain = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        name = hashlib.sha256(plain.encode()).hexdigest()[:32]
        return RunLock(user_state_path("zoho-xero-sync", appauthor=False, ensure_exists=True) / name)

    def __enter__(self) -> Self:
        if sys.platform == "win32":
            raise LedgerError(
                "This program locks its ledger with flock, which this system does not have.",
                "Run it on Linux, macOS or another POSIX system.",
            )
        import fcntl

        descriptor = self._open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 20, 0)
            os.close(descriptor)
            raise _busy(holder) from error
        except OSError as error:
            os.close(descriptor)
            raise self._unusable(error) from error
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        except OSError as error:
            os.close(descriptor)
            raise self._unusable(error) from error
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            with contextlib.suppress(OSError):  # closing frees the lock, whatever its file still says
                os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def holder(self) -> str:
        """The process that holds the lock now, "unknown" when it does not say; empty when nobody does.

        Changes nothing, and a run that begins meanwhile is hardly ever kept out: a free lock's file is empty.
        """
        import fcntl

        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return ""
        try:
            named = os.pread(descriptor, 20, 0)
            if not named:
                return ""
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return named.decode("ascii", "replace").strip() or "unknown"
        except OSError:
            return ""
        finally:
            os.close(descriptor)
        return ""

    def _open(self) -> int:
        # O_NOFOLLOW: a planted symlink must not choose which file is truncated.
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            descriptor = os.open(self.path, flags, 0o600)
        except OSError as error:
            raise self._unusable(error) from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise LedgerError(f"The lock at {self.path} is not a plain file.", "Remove it, then run again.")
        return descriptor

    def _unusable(self, error: OSError) -> LedgerError:
        if self.path.is_symlink():
            return LedgerError(
                f"The lock at {self.path} is a symbolic link, which is not followed.", "Remove it, then run again."
            )
        return LedgerError(
            f"The lock at {self.path} cannot be used: {error.strerror}.",
            "Check that the ledger's folder exists, is writable for this user and has room, then run again.",
        )


def _busy(holder: bytes) -> LockedError:
    pid = holder.decode("ascii", "replace").strip()
    named = f" (process {pid})" if pid.isdigit() else ""
    return LockedError(f"Another run{named} is at work on this ledger.", "Nothing to do: the next run goes on.")
