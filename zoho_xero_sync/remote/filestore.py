"""Secrets in one private file, replaced whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
import secrets as randomness
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from zoho_xero_sync.errors import LoginError
from zoho_xero_sync.remote.secret import Secret


class FileStore:
    """Secrets in one JSON file of mode 0600, replaced atomically; a file others could read is refused."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, name: str) -> Secret | None:
        """The secret, or None; LoginError when the file is broken, a link, or open to others."""
        value = self._load().get(name)
        return None if value is None else Secret(value)

    def put(self, name: str, secret: Secret) -> None:
        """Store durably, next to what another process may store at the same time; LoginError when that fails."""
        with self._changing() as values:
            values[name] = secret.reveal()

    def delete(self, name: str) -> None:
        """Forget the secret; LoginError when the file cannot be replaced."""
        with self._changing() as values:
            values.pop(name, None)

    def prove(self, name: str) -> None:
        """Write a copy beside the file and remove it; LoginError when `put` would fail now, as on a full disk."""
        with self._changing() as values:
            self._write_beside(_serialized(values)).unlink()

    @contextmanager
    def _changing(self) -> Iterator[dict[str, str]]:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with file_lock(self._path.with_name(f".{self._path.name}.lock")):
                values = self._load()
                before = dict(values)
                yield values
                if values != before:
                    self._replace(_serialized(values))
        except OSError as error:
            reason = error.strerror or "unknown reason"
        else:
            return
        raise LoginError(
            f"The secrets file {self._path} could not be written: {reason}.",
            "Make room or correct its directory's rights, then run the command again.",
        )

    def _replace(self, content: bytes) -> None:
        temporary = self._write_beside(content)
        try:
            temporary.replace(self._path)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()
        _sync_directory(self._path.parent)

    def _write_beside(self, content: bytes) -> Path:
        stem = f".{self._path.name}."
        for leftover in self._path.parent.glob(f"{stem}*.tmp"):
            leftover.unlink(missing_ok=True)
        temporary = self._path.with_name(f"{stem}{randomness.token_hex(4)}.tmp")
        try:
            _write_new(temporary, content)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        return temporary

    def _load(self) -> dict[str, str]:
        content = self._read()
        if content is None:
            return {}
        try:
            values = json.loads(content)
        except (ValueError, RecursionError):
            values = None
        if isinstance(values, dict) and all(isinstance(value, str) for value in values.values()):
            return values
        raise LoginError(
            f"The secrets file {self._path} is not readable as JSON.",
            "Restore it from a backup, or move it away and log in again: zoho-xero-sync auth zoho, "
            "then zoho-xero-sync auth xero",
        )

    def _read(self) -> bytes | None:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            reason = "it is a link" if self._path.is_symlink() else error.strerror or "unknown reason"
        else:
            try:
                self._check(os.fstat(descriptor))
                return b"".join(iter(lambda: os.read(descriptor, 65536), b""))
            finally:
                os.close(descriptor)
        raise LoginError(
            f"The secrets file {self._path} cannot be used: {reason}.",
            "Put the file itself there, owned by the user who runs this program, with mode 0600.",
        )

    def _check(self, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            raise LoginError(
                f"The secrets file {self._path} is not a file.", "Correct secrets.file in the configuration."
            )
        if status.st_uid != os.geteuid():
            raise LoginError(
                f"The secrets file {self._path} belongs to another user.",
                f"Type: sudo chown $(id -un) '{self._path}' && chmod 600 '{self._path}'",
            )
        if stat.S_IMODE(status.st_mode) & ~0o600:
            raise LoginError(
                f"The secrets file {self._path} is open to others (mode {stat.S_IMODE(status.st_mode):04o}).",
                f"Type: chmod 600 '{self._path}'",
            )


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold a lock that dies with its holder, waiting for whoever has it; OSError when the file cannot be made."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _serialized(values: dict[str, str]) -> bytes:
    return json.dumps(values, indent=1, sort_keys=True).encode()


def _write_new(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
