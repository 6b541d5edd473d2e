"""A login is approved before its first use, and again when the approval itself failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoho_xero_sync.errors import LedgerError, LoginError, RemoteError, SyncError
from zoho_xero_sync.remote.answer import Answer
from zoho_xero_sync.remote.filestore import FileStore
from zoho_xero_sync.remote.secret import Secret
from zoho_xero_sync.remote.watch import WatchedLogin


class Minting:
    """An authorizer that got `minted` tokens so far."""

    def __init__(self, minted: int = 1) -> None:
        self.minted = minted

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"token {self.minted}"}

    def renew(self, answer: Answer) -> bool:
        return False


def test_each_new_token_is_approved_once() -> None:
    inner, approved = Minting(0), list[int]()
    login = WatchedLogin(inner, lambda: approved.append(inner.minted))
    login.headers()
    for minted in (1, 1, 2):
        inner.minted = minted
        assert login.headers() == {"Authorization": f"token {minted}"}
    assert approved == [1, 2]


def test_a_token_got_while_approving_is_approved_too() -> None:
    inner, approved = Minting(), list[int]()

    def approve() -> None:
        approved.append(inner.minted)
        inner.minted = 2

    assert WatchedLogin(inner, approve).headers() == {"Authorization": "token 2"}
    assert approved == [1, 2]


@pytest.mark.parametrize("error", [RemoteError("Down.", "Wait."), LedgerError("Another organisation.", "Log in.")])
def test_a_token_that_was_not_approved_is_never_used(error: SyncError) -> None:
    asked: list[int] = []

    def approve() -> None:
        asked.append(1)
        raise error

    login = WatchedLogin(Minting(), approve)
    for times in (1, 2, 3):
        with pytest.raises(type(error)):
            login.headers()
        assert len(asked) == times


class Refused(Minting):
    """An authorizer that has no better word for a refusal."""

    def renew(self, answer: Answer) -> bool:
        raise LoginError("Refused.", "Log in.")


@pytest.mark.parametrize(
    ("status", "approval", "told"),
    [
        (403, LedgerError("Another organisation.", "Log in to the right one."), "Another organisation."),
        (403, LoginError("None any more.", "Connect it."), "None any more."),
        (403, RemoteError("Down.", "Wait."), "Refused."),
        (403, None, "Refused."),
        (401, LedgerError("Another organisation.", "Log in to the right one."), "Refused."),
    ],
)
def test_a_refused_organisation_is_told_from_a_login_of_another(
    status: int, approval: SyncError | None, told: str
) -> None:
    def approve() -> None:
        if approval is not None:
            raise approval

    with pytest.raises(SyncError) as caught:
        WatchedLogin(Refused(0), approve).renew(Answer(status, {}, b"{}"))
    assert caught.value.message == told


def test_proving_a_file_changes_nothing_and_fails_as_storing_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileStore(tmp_path / "s.json")
    store.prove("a")
    assert not (tmp_path / "s.json").exists()
    store.put("a", Secret("kept"))
    before = (tmp_path / "s.json").stat()
    store.prove("a")
    after = (tmp_path / "s.json").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(LoginError, match="could not be written: No space left on device"):
            store.prove("a")
    assert store.get("a") == Secret("kept")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".s.json.lock", "s.json"]
