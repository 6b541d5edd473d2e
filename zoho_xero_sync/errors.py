"""Exit codes, and the family of errors that end a run."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What a run tells its caller; the meaning of each is in docs/exit-codes.md."""

    OK = 0
    BUG = 1
    USAGE = 2
    ATTENTION = 3
    RETRY = 4
    CHANGES = 5
    CONFIG = 10
    LOCKED = 11
    LOGIN = 12
    LEDGER = 13
    SAFETY = 15
    INTERRUPTED = 130
    TERMINATED = 143


# When several apply the first in this order wins (contract, section 2).
SEVERITY = (ExitCode.BUG, ExitCode.LEDGER, ExitCode.LOGIN, ExitCode.SAFETY, ExitCode.RETRY, ExitCode.ATTENTION)


def worst(codes: set[ExitCode]) -> ExitCode:
    """The most severe of `codes`; `OK` for an empty set or one without any severe code."""
    return next((code for code in SEVERITY if code in codes), ExitCode.OK)


# The hint of what ends a run without losing anything.
SAFE_TO_RERUN = "It is safe to run it again: the next run goes on where this one stopped."
_ASKED = "The next run asks Xero before anything is sent again."


class SyncError(Exception):
    """An expected trouble that ends the command: one plain sentence, and what to type next."""

    exit_code: ClassVar[ExitCode] = ExitCode.BUG
    code: ClassVar[str] = "unexpected_error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One thing wrong with the configuration, where it is and what to do."""

    file: str
    line: int
    key: str
    message: str
    hint: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.line else f"{self.file}: "
        key = f"{self.key}: " if self.key else ""
        return f"{where}{key}{self.message} {self.hint}".rstrip()


class ConfigError(SyncError):
    """The configuration cannot be used; carries every problem found."""

    exit_code = ExitCode.CONFIG
    code = "config_invalid"

    def __init__(self, problems: tuple[ConfigProblem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class LockedError(SyncError):
    """Another run holds the ledger's lock."""

    exit_code = ExitCode.LOCKED
    code = "locked"


class LoginError(SyncError):
    """A login is missing, refused or lapsed."""

    exit_code = ExitCode.LOGIN
    code = "login_needed"


class ScopeError(LoginError):
    """A login is good, but was not given a permission that a call needs."""


class LedgerError(SyncError):
    """The ledger is missing, foreign, damaged or newer than this program; nothing was sent."""

    exit_code = ExitCode.LEDGER
    code = "ledger_unusable"


class UnrecordedError(SyncError):
    """Something was sent to Xero, and the ledger could not take the answer: it counts as unknown."""

    exit_code = ExitCode.RETRY
    code = "outcome_unknown"

    def __init__(self, cause: LedgerError) -> None:
        message = f"An answer from Xero could not be recorded. {cause.message}"
        super().__init__(message, f"{cause.hint} {_ASKED}".strip())


class TwoLedgersError(LedgerError):
    """Another ledger writes to the same Xero organisation; nothing was sent."""

    code = "two_ledgers"


class RemoteError(SyncError):
    """A service was unreachable, rate-limited, or answered what cannot be read; safe to run again."""

    exit_code = ExitCode.RETRY
    code = "service_unavailable"


class AllowanceError(RemoteError):
    """The day's allowance of calls is used up, or what is left is kept for other apps."""

    code = "allowance_used"


class SafetyError(SyncError):
    """The run would do more than its limits allow; nothing was sent."""

    exit_code = ExitCode.SAFETY
    code = "safety_stop"


class UsageError(SyncError):
    """The command line asks for something that cannot be done."""

    exit_code = ExitCode.USAGE
    code = "wrong_usage"


class BugError(SyncError):
    """A state this program believes impossible; says which row or value."""

    exit_code = ExitCode.BUG
    code = "unexpected_error"


class Interrupted(SyncError):  # noqa: N818 - named for what happened, like KeyboardInterrupt
    """A signal asked the run to end; everything already sent is recorded."""

    code = "interrupted"

    def __init__(self, exit_code: ExitCode) -> None:
        super().__init__("The run was interrupted; everything already sent is recorded.", "Run it again to go on.")
        self.signal_exit_code = exit_code
