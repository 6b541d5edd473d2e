"""Where both services' credentials and tokens live: keyring, file or environment, as the configuration declares."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from zoho_xero_sync.errors import LoginError
from zoho_xero_sync.remote.filestore import FileStore, file_lock
from zoho_xero_sync.remote.secret import Secret, TokenSet

__all__ = [
    "CREDENTIALS",
    "Credentials",
    "EnvironmentStore",
    "FileStore",
    "KeyringStore",
    "Secret",
    "SecretStore",
    "TokenSet",
    "open_store",
    "token_lock",
    "variable",
]

CREDENTIALS = (
    "zoho_client_id",
    "zoho_client_secret",
    "zoho_refresh_token",
    "xero_client_id",
    "xero_client_secret",
    "xero_refresh_token",
)


class SecretStore(Protocol):
    """Named secrets. Every trouble is a LoginError that says what to do."""

    def get(self, name: str) -> Secret | None:
        """The secret, or None when there is none."""
        ...

    def put(self, name: str, secret: Secret) -> None:
        """Store durably; once this returns the secret survives a crash."""
        ...

    def delete(self, name: str) -> None:
        """Forget the secret; nothing happens when there is none."""
        ...

    def prove(self, name: str) -> None:
        """Change nothing; raise what `put` would raise now, as far as can be told."""
        ...


class KeyringStore:
    """Secrets in the desktop's keyring, apart for each `scope` (one per configuration)."""

    def __init__(self, service: str = "zoho-xero-sync", scope: str = "default") -> None:
        self._service, self._scope = service, scope

    def get(self, name: str) -> Secret | None:
        """The secret, or None; LoginError when there is no keyring or it is locked."""
        value = self._ask("get_password", name)
        return Secret(value) if isinstance(value, str) else None

    def put(self, name: str, secret: Secret) -> None:
        """Store and read back, because some keyrings accept everything and keep nothing; LoginError when that fails."""
        self._ask("set_password", name, secret.reveal())
        if self.get(name) != secret:
            raise self._error("did not keep what was stored in it")

    def delete(self, name: str) -> None:
        """Forget the secret; LoginError when there is no keyring or it is locked."""
        if self.get(name) is not None:
            self._ask("delete_password", name)

    def prove(self, name: str) -> None:
        """Store again what is there; LoginError when the keyring does not take it."""
        kept = self.get(name)
        if kept is not None:
            self.put(name, kept)

    def _ask(self, function: str, name: str, *values: str) -> object:
        try:
            # Imported here: it looks for a session bus, which only this store needs.
            import keyring

            return getattr(keyring, function)(self._service, f"{self._scope}:{name}", *values)
        except Exception as error:  # noqa: BLE001 - backends raise errors of their own (D-Bus, macOS, KWallet)
            kind = type(error).__name__
        raise self._error(f"could not be used ({kind})")

    def _error(self, what: str) -> LoginError:
        return LoginError(
            f"The keyring {what}.",
            "Under cron there often is no keyring: set `secrets.store: file` in the configuration and log in again, "
            "or set the ZXS_ variables with `secrets.store: env`.",
        )


class EnvironmentStore:
    """The environment first (ZXS_ZOHO_CLIENT_ID …; an empty value counts as not set), then another store."""

    def __init__(self, environ: Mapping[str, str], fallback: SecretStore) -> None:
        self._environ, self._fallback = environ, fallback

    def get(self, name: str) -> Secret | None:
        """The variable's value, else what the other store has."""
        return self.from_environment(name) or self._fallback.get(name)

    def from_environment(self, name: str) -> Secret | None:
        """The variable's value only; None when it is not set, empty or no credential."""
        value = self._environ.get(variable(name), "").strip() if name in CREDENTIALS else ""
        return Secret(value) if value else None

    def stored(self, name: str) -> Secret | None:
        """What the other store has, whatever the environment says."""
        return self._fallback.get(name)

    def put(self, name: str, secret: Secret) -> None:
        """Store in the other store; the environment is never changed."""
        self._fallback.put(name, secret)

    def delete(self, name: str) -> None:
        """Forget in the other store."""
        self._fallback.delete(name)

    def prove(self, name: str) -> None:
        """Prove the other store; the environment is never changed."""
        self._fallback.prove(name)


class Credentials:
    """The logins of both services: client ids and secrets, and the tokens that change from run to run."""

    def __init__(self, store: EnvironmentStore, register: Callable[[str], None]) -> None:
        """`register` is told every secret that leaves, so that logs can redact it."""
        self._store, self._register = store, register

    def protect(self, value: str) -> Secret:
        """`value` as a Secret that logs will redact."""
        return Secret(value, self._register)

    def credential(self, name: str) -> Secret | None:
        """One of CREDENTIALS, from the environment, else the store; None when it is nowhere."""
        return self._protected(self._store.get(name))

    def seed(self, name: str) -> Secret | None:
        """One of CREDENTIALS from the environment only."""
        return self._protected(self._store.from_environment(name))

    def require(self, name: str) -> Secret:
        """One of CREDENTIALS; LoginError with what to type when it is nowhere."""
        found = self.credential(name)
        if found is not None:
            return found
        service = name.partition("_")[0]
        raise LoginError(
            f"The {name.replace('_', ' ').capitalize()} is not known.",
            f"Log in with zoho-xero-sync auth {service}, or set {variable(name)}.",
        )

    def save_credential(self, name: str, secret: Secret) -> None:
        """Store one of CREDENTIALS; LoginError when that fails."""
        self._store.put(name, secret)

    def forget_credential(self, name: str) -> None:
        """Forget one of CREDENTIALS in the store; the environment is never changed."""
        self._store.delete(name)

    def load_tokens(self, service: str) -> TokenSet:
        """The tokens of "zoho" or "xero"; empty ones before the first login. LoginError when they are damaged.

        Zoho's refresh token never changes, so the environment's is preferred. Xero's changes at each use, so one in the
        environment is only a first one and the stored, newer one wins.
        """
        stored = self._store.stored(f"{service}_tokens")
        tokens = TokenSet() if stored is None else self._parse(service, stored.reveal())
        if service == "zoho" or tokens.refresh is None:
            return replace(tokens, refresh=self._first_refresh(service, tokens))
        return tokens

    def _first_refresh(self, service: str, tokens: TokenSet) -> Secret | None:
        name = f"{service}_refresh_token"
        return self.seed(name) or tokens.refresh or self.credential(name)

    def save_tokens(self, service: str, tokens: TokenSet) -> None:
        """Store the tokens durably and at once. After a LoginError the new access token must not be used.

        A refresh token that the environment supplies stays there and is not copied.
        """
        if tokens.refresh is not None and tokens.refresh == self.seed(f"{service}_refresh_token"):
            tokens = replace(tokens, refresh=None)
        secrets = {"access": tokens.access, "refresh": tokens.refresh, "previous_refresh": tokens.previous_refresh}
        times = {"expires_at": tokens.expires_at, "rotated_at": tokens.rotated_at}
        record = {
            **{name: secret.reveal() for name, secret in secrets.items() if secret is not None},
            **{name: time.astimezone(UTC).isoformat() for name, time in times.items() if time is not None},
            "extra": dict(tokens.extra),
        }
        self._store.put(f"{service}_tokens", Secret(json.dumps(record, sort_keys=True)))

    def prove_store(self, service: str) -> None:
        """LoginError when tokens of "zoho" or "xero" could not be stored now; asked before new ones are got."""
        self._store.prove(f"{service}_tokens")

    def forget_tokens(self, service: str) -> None:
        """Forget the tokens of "zoho" or "xero"."""
        self._store.delete(f"{service}_tokens")

    def _parse(self, service: str, text: str) -> TokenSet:
        try:
            record = json.loads(text)
            return TokenSet(
                access=self._secret(record.get("access")),
                expires_at=_instant(record.get("expires_at")),
                refresh=self._secret(record.get("refresh")),
                previous_refresh=self._secret(record.get("previous_refresh")),
                rotated_at=_instant(record.get("rotated_at")),
                extra={str(key): str(value) for key, value in record.get("extra", {}).items()},
            )
        except (ValueError, TypeError, AttributeError, RecursionError):
            pass
        raise LoginError(
            f"The stored {service.capitalize()} tokens are damaged.", f"Log in again: zoho-xero-sync auth {service}"
        )

    def _secret(self, value: str | None) -> Secret | None:
        if value is not None and not isinstance(value, str):
            raise TypeError("a token is text")
        return self.protect(value) if value else None

    def _protected(self, secret: Secret | None) -> Secret | None:
        return None if secret is None else self.protect(secret.reveal())


def open_store(
    kind: str,
    file: Path,
    environ: Mapping[str, str],
    *,
    register: Callable[[str], None],
    scope: str | None = None,
) -> Credentials:
    """The credentials as the configuration declares them: `kind` is keyring, file or env.

    With env, what must survive between runs (access and rotated tokens) is kept in `file`. `scope` keeps the keyring
    entries of several configurations apart; by default it comes from the place of `file`.
    """
    if kind == "keyring":
        mark = scope or hashlib.sha256(str(file.absolute()).encode()).hexdigest()[:12]
        return Credentials(EnvironmentStore(environ, KeyringStore(scope=mark)), register)
    if kind in ("file", "env"):
        return Credentials(EnvironmentStore(environ, FileStore(file)), register)
    raise LoginError(f"There is no secret store named {kind}.", "Set secrets.store to keyring, file or env.")


def token_lock(file: Path) -> Callable[[], AbstractContextManager[None]]:
    """A lock next to the secrets file under which one process at a time gets a new token."""
    return lambda: _held(file.with_name(f".{file.name}.tokens.lock"))


@contextmanager
def _held(path: Path) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            stack.enter_context(file_lock(path))
            reason = None
        except OSError as error:
            reason = error.strerror or "unknown reason"
        if reason is not None:
            raise LoginError(
                f"The lock {path}, which lets one run at a time get a new token, cannot be made: {reason}.",
                "Correct the rights of its directory, or set secrets.file to a place this user may write.",
            )
        yield


def variable(name: str) -> str:
    """The environment variable of a credential, such as ZXS_ZOHO_CLIENT_ID."""
    return f"ZXS_{name.upper()}"


def _instant(value: str | None) -> datetime | None:
    if value is None:
        return None
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError("a time without its zone")
    return instant
