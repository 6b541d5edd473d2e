"""Secrets: unseen, private from creation, never half written, and preferred in the order the contract gives."""

from __future__ import annotations

import copy
import json
import multiprocessing
import os
import pickle
import stat
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import keyring
import keyring.backend
import keyring.errors
import pytest

from zoho_xero_sync.errors import LoginError
from zoho_xero_sync.remote.secrets import (
    CREDENTIALS,
    Credentials,
    EnvironmentStore,
    FileStore,
    KeyringStore,
    Secret,
    TokenSet,
    open_store,
    token_lock,
    variable,
)

CANARY = "canary-77aa"
NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


def nobody(_: str) -> None:
    """A redaction list that keeps nothing."""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# ---- a secret shows nothing ----


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        "{}".format,
        "{:>40}".format,
        "{!r}".format,
        lambda secret: f"{secret}",
        lambda secret: "%s" % secret,  # noqa: UP031 - log records format this way
        lambda secret: json.dumps({"token": secret}, default=str),
        lambda secret: repr(TokenSet(access=secret, refresh=secret, previous_refresh=secret)),
        lambda secret: repr([secret]),
        lambda secret: repr(copy.deepcopy(secret)),
    ],
)
def test_a_secret_shows_nothing(show: Any) -> None:
    shown = show(Secret(CANARY))
    assert CANARY not in shown
    assert "***" in shown


def test_a_secret_is_never_pickled_or_dumped() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(CANARY))
    with pytest.raises(TypeError):
        json.dumps(Secret(CANARY))
    assert not hasattr(Secret(CANARY), "__dict__")


def test_revealing_tells_what_to_redact() -> None:
    told: list[str] = []
    assert Secret(CANARY, told.append).reveal() == CANARY
    assert told == [CANARY]


def test_secrets_compare_by_value_and_mark_themselves_one_way() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert hash(Secret("a")) == hash(Secret("a"))
    assert not Secret("")
    assert Secret(CANARY).fingerprint() == Secret(CANARY).fingerprint() != Secret("b").fingerprint()
    assert CANARY not in Secret(CANARY).fingerprint()


@pytest.mark.parametrize(
    ("left", "alive"), [(3600, True), (61, True), (60, False), (0, False), (-5, False), (3661, False), (10**7, False)]
)
def test_a_token_is_used_while_it_lives_and_never_from_a_wrong_clock(left: int, alive: bool) -> None:
    assert TokenSet(Secret("a"), NOW + timedelta(seconds=left)).alive(NOW) is alive
    assert TokenSet(None, NOW + timedelta(seconds=left)).alive(NOW) is False
    assert TokenSet(Secret("a"), None).alive(NOW) is False


# ---- the file ----


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "new" / "secrets.json")


def test_a_file_keeps_gives_and_forgets(store: FileStore, tmp_path: Path) -> None:
    assert store.get("a") is None
    store.put("a", Secret("1"))
    store.put("b", Secret("ü"))
    store.put("a", Secret("2"))
    assert (store.get("a"), store.get("b"), store.get("c")) == (Secret("2"), Secret("ü"), None)
    store.delete("a")
    store.delete("never there")
    assert (store.get("a"), store.get("b")) == (None, Secret("ü"))
    assert mode(tmp_path / "new" / "secrets.json") == 0o600
    assert mode(tmp_path / "new") == 0o700


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_file_is_private_from_creation(tmp_path: Path, umask: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    real = os.fsync

    def watch(descriptor: int) -> None:
        seen.extend(mode(path) for path in tmp_path.iterdir() if path.is_file())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    before = os.umask(umask)
    try:
        FileStore(tmp_path / "s.json").put("a", Secret(CANARY))
    finally:
        os.umask(before)
    assert seen
    assert set(seen) == {0o600}


@pytest.mark.parametrize("wide", [0o601, 0o604, 0o640, 0o644, 0o660, 0o666, 0o700, 0o777])
def test_a_file_open_to_others_is_refused(tmp_path: Path, wide: int) -> None:
    path = tmp_path / "s.json"
    path.write_text(f'{{"a": "{CANARY}"}}')
    path.chmod(wide)
    for use in (lambda: FileStore(path).get("a"), lambda: FileStore(path).put("b", Secret("x"))):
        with pytest.raises(LoginError) as caught:
            use()
        assert caught.value.hint == f"Type: chmod 600 '{path}'"
        assert caught.value.exit_code == 12
    assert "x" not in json.loads(path.read_text())


def test_a_link_is_refused_and_its_target_untouched(tmp_path: Path) -> None:
    target = tmp_path / "target.json"
    target.write_text("{}")
    target.chmod(0o600)
    link = tmp_path / "s.json"
    link.symlink_to(target)
    with pytest.raises(LoginError, match="it is a link"):
        FileStore(link).get("a")
    with pytest.raises(LoginError, match="it is a link"):
        FileStore(link).put("a", Secret("1"))
    assert target.read_text() == "{}"


def test_somebody_elses_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.json"
    FileStore(path).put("a", Secret("1"))
    owner = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(LoginError, match="belongs to another user") as caught:
        FileStore(path).get("a")
    assert "chown" in caught.value.hint


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["directory", "pipe"])
def test_what_is_no_file_is_refused(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "s.json"
    make(path)
    with pytest.raises(LoginError, match="is not a file"):
        FileStore(path).get("a")


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"', '{"a": 1}', '{"a": {"b": "c"}}', "[" * 100000, "\x00"])
def test_a_broken_file_is_named_and_never_overwritten(tmp_path: Path, content: str) -> None:
    path = tmp_path / "s.json"
    path.write_text(content)
    path.chmod(0o600)
    for use in (lambda: FileStore(path).get("a"), lambda: FileStore(path).put("b", Secret("x"))):
        with pytest.raises(LoginError, match="not readable as JSON") as caught:
            use()
        assert str(path) in caught.value.message
        assert "zoho-xero-sync auth" in caught.value.hint
    assert path.read_text() == content


@pytest.mark.parametrize("call", ["fsync", "fchmod"])
def test_a_failed_save_says_so_and_keeps_the_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    path = tmp_path / "s.json"
    FileStore(path).put("a", Secret("old"))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(LoginError, match="could not be written: No space left on device") as caught:
            FileStore(path).put("a", Secret(CANARY))
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert FileStore(path).get("a") == Secret("old")
    assert [name.name for name in tmp_path.iterdir() if name.suffix == ".tmp"] == []


def test_what_a_killed_save_left_is_cleared(tmp_path: Path) -> None:
    (tmp_path / ".s.json.0badcafe.tmp").write_text(CANARY)
    FileStore(tmp_path / "s.json").put("a", Secret("1"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".s.json.lock", "s.json"]


def _put_many(path: str, name: str) -> None:
    for number in range(20):
        FileStore(Path(path)).put(f"{name}{number}", Secret(str(number)))


def test_two_processes_lose_nothing_of_each_other(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_put_many, args=(str(path), name)) for name in ("a", "b", "c")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len(json.loads(path.read_text())) == 60


# ---- the keyring ----


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A keyring that can forget what it was given, or fail."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.forgetful = False
        self.error: Exception | None = None

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error

    def get_password(self, service: str, username: str) -> str | None:
        self._fail()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._fail()
        if not self.forgetful:
            self.kept[(service, username)] = password

    def delete_password(self, service: str, username: str) -> None:
        self._fail()
        del self.kept[(service, username)]


@pytest.fixture
def ring() -> Iterator[MemoryKeyring]:
    before = keyring.get_keyring()
    memory = MemoryKeyring()
    keyring.set_keyring(memory)
    yield memory
    keyring.set_keyring(before)


def test_a_keyring_keeps_each_configuration_apart(ring: MemoryKeyring) -> None:
    one, other = KeyringStore(scope="one"), KeyringStore(scope="other")
    one.put("a", Secret("1"))
    assert (one.get("a"), other.get("a")) == (Secret("1"), None)
    other.delete("a")
    one.delete("a")
    assert ring.kept == {}


@pytest.mark.parametrize(
    "error",
    [
        keyring.errors.NoKeyringError("none"),
        keyring.errors.KeyringLocked("locked"),
        RuntimeError(CANARY),
        OSError("bus"),
    ],
)
@pytest.mark.parametrize("use", ["get", "put", "delete"])
def test_any_trouble_with_the_keyring_tells_about_cron(ring: MemoryKeyring, error: Exception, use: str) -> None:
    ring.error = error
    store = KeyringStore()
    arguments = ("a", Secret("1")) if use == "put" else ("a",)
    with pytest.raises(LoginError, match="keyring could not be used") as caught:
        getattr(store, use)(*arguments)
    assert "cron" in caught.value.hint
    assert "secrets.store: file" in caught.value.hint
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_a_keyring_that_keeps_nothing_is_found_out(ring: MemoryKeyring) -> None:
    ring.forgetful = True
    with pytest.raises(LoginError, match="did not keep"):
        KeyringStore().put("a", Secret("1"))


# ---- the environment, and the order ----


@pytest.mark.parametrize("name", CREDENTIALS)
def test_the_environment_is_preferred_when_set(tmp_path: Path, name: str) -> None:
    file = FileStore(tmp_path / "s.json")
    file.put(name, Secret("stored"))
    assert variable(name) == "ZXS_" + name.upper()
    assert EnvironmentStore({variable(name): " given\n"}, file).get(name) == Secret("given")
    for empty in ({}, {variable(name): ""}, {variable(name): "  "}):
        assert EnvironmentStore(empty, file).get(name) == Secret("stored")


def test_only_credentials_come_from_the_environment(tmp_path: Path) -> None:
    store = EnvironmentStore({"ZXS_ZOHO_TOKENS": "x", "ZXS_CONFIG": "y"}, FileStore(tmp_path / "s.json"))
    assert store.get("zoho_tokens") is None
    assert store.get("config") is None


def opened(tmp_path: Path, environ: dict[str, str] | None = None, kind: str = "file") -> Credentials:
    return open_store(kind, tmp_path / "secrets.json", environ or {}, register=nobody)


def test_a_missing_credential_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(LoginError) as caught:
        opened(tmp_path).require("zoho_client_id")
    assert caught.value.message == "The Zoho client id is not known."
    assert caught.value.hint == "Log in with zoho-xero-sync auth zoho, or set ZXS_ZOHO_CLIENT_ID."


@pytest.mark.parametrize("kind", ["file", "env"])
def test_tokens_survive_to_the_next_run(tmp_path: Path, kind: str) -> None:
    tokens = TokenSet(
        Secret("acc"), NOW, Secret("ref"), Secret("prev"), NOW, {"api_domain": "https://x", "scope": "a b"}
    )
    opened(tmp_path, kind=kind).save_tokens("xero", tokens)
    assert opened(tmp_path, kind=kind).load_tokens("xero") == tokens
    assert opened(tmp_path, kind=kind).load_tokens("zoho") == TokenSet()
    assert mode(tmp_path / "secrets.json") == 0o600
    opened(tmp_path, kind=kind).forget_tokens("xero")
    assert opened(tmp_path, kind=kind).load_tokens("xero") == TokenSet()


def test_tokens_in_the_keyring(ring: MemoryKeyring, tmp_path: Path) -> None:
    opened(tmp_path, kind="keyring").save_tokens("zoho", TokenSet(refresh=Secret("r")))
    assert opened(tmp_path, kind="keyring").load_tokens("zoho").refresh == Secret("r")
    assert open_store("keyring", tmp_path / "other.json", {}, register=nobody).load_tokens("zoho") == TokenSet()
    assert list(tmp_path.iterdir()) == []


def test_zohos_refresh_token_comes_from_the_environment_first_and_is_not_copied(tmp_path: Path) -> None:
    opened(tmp_path).save_tokens("zoho", TokenSet(refresh=Secret("stored")))
    given = opened(tmp_path, {"ZXS_ZOHO_REFRESH_TOKEN": CANARY})
    assert given.load_tokens("zoho").refresh == Secret(CANARY)
    given.save_tokens("zoho", TokenSet(access=Secret("a"), expires_at=NOW, refresh=Secret(CANARY)))
    assert CANARY not in (tmp_path / "secrets.json").read_text()
    assert given.load_tokens("zoho").refresh == Secret(CANARY)


def test_xeros_stored_refresh_token_wins_because_it_is_newer(tmp_path: Path) -> None:
    environ = {"ZXS_XERO_REFRESH_TOKEN": "first"}
    assert opened(tmp_path, environ).load_tokens("xero").refresh == Secret("first")
    opened(tmp_path, environ).save_tokens("xero", TokenSet(refresh=Secret("rotated")))
    assert opened(tmp_path, environ).load_tokens("xero").refresh == Secret("rotated")


def test_a_refresh_token_stored_by_hand_is_found(tmp_path: Path) -> None:
    credentials = opened(tmp_path)
    credentials.save_credential("zoho_refresh_token", Secret("z"))
    credentials.save_credential("xero_refresh_token", Secret("x"))
    assert credentials.load_tokens("zoho").refresh == Secret("z")
    assert credentials.load_tokens("xero").refresh == Secret("x")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "1",
        '{"expires_at": "soon"}',
        '{"expires_at": "2026-01-01T00:00:00"}',
        '{"access": 5}',
        '{"extra": 1}',
    ],
)
def test_damaged_tokens_ask_for_a_new_login(tmp_path: Path, text: str) -> None:
    FileStore(tmp_path / "secrets.json").put("xero_tokens", Secret(text))
    with pytest.raises(LoginError, match="stored Xero tokens are damaged") as caught:
        opened(tmp_path).load_tokens("xero")
    assert caught.value.hint == "Log in again: zoho-xero-sync auth xero"


def test_every_secret_that_leaves_is_told_to_the_log(tmp_path: Path) -> None:
    told: list[str] = []
    environ = {"ZXS_ZOHO_CLIENT_SECRET": "from-env"}
    credentials = open_store("file", tmp_path / "s.json", environ, register=told.append)
    credentials.save_tokens("xero", TokenSet(refresh=credentials.protect("from-file")))
    told.clear()
    credentials.require("zoho_client_secret").reveal()
    refresh = credentials.load_tokens("xero").refresh
    assert refresh is not None
    refresh.reveal()
    assert {"from-env", "from-file"} <= set(told)


def test_an_unknown_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LoginError, match="no secret store named vault"):
        opened(tmp_path, kind="vault")


# ---- the lock ----


def test_the_token_lock_makes_its_directory_and_can_be_taken_again(tmp_path: Path) -> None:
    hold = token_lock(tmp_path / "new" / "secrets.json")
    for _ in range(2):
        with hold():
            pass
    assert mode(tmp_path / "new" / ".secrets.json.tokens.lock") == 0o600


def test_a_lock_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LoginError, match="cannot be made"), token_lock(tmp_path / "file" / "secrets.json")():
        pass


def test_an_error_under_the_lock_is_not_the_locks(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="mine"), token_lock(tmp_path / "secrets.json")():
        raise OSError("mine")
