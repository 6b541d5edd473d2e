"""Judges what is on this side: logins, cron, ledger, lock, disk, clock, allowances."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from zoho_xero_sync.core.check_facts import (
    CronFacts,
    Finding,
    HereFacts,
    LedgerFacts,
    LoginFacts,
    Unread,
    XeroFacts,
    ZohoFacts,
)
from zoho_xero_sync.core.check_zoho import listed, unread

# Room for the ledger, its journal and a run's log, with a margin that leaves time to act.
LEAST_FREE = 100 * 1024 * 1024
MOST_SKEW = timedelta(minutes=2)
# Credits of Zoho below which a day's polling may stop; each poll costs one.
_FEW_CREDITS = 500

_NAMES = {"zoho": "Zoho", "xero": "Xero"}


def judge_login(login: LoginFacts) -> Iterator[Finding]:
    """Whether the login works, reaches the ledger's organisation, and is allowed what the rules need."""
    service, name = login.service, _NAMES[login.service]
    if login.trouble is not None:
        risk = "organisation" if login.trouble.gravity in ("ledger", "config") else "login"
        yield unread(f"{service}_{risk}", f"{name} {risk}", login.trouble)
    else:
        yield Finding(f"{service}_login", "ok", f"{name} login", f"works, and reaches {login.organisation or '?'}")
        message = f"the one the ledger belongs to ({login.pinned})" if login.pinned else "no ledger belongs to one yet"
        yield Finding(f"{service}_organisation", "ok", f"{name} organisation", message)
    if login.lacking:
        message = f"The {name} login is not allowed: {', '.join(login.lacking)}."
        hint = f"Log in again and allow everything that is asked for: zoho-xero-sync auth {service}"
        yield Finding(f"{service}_scopes", "problem", f"{name} scopes", message, hint, "login")
    elif login.trouble is None:
        yield Finding(f"{service}_scopes", "ok", f"{name} scopes", "cover what the configuration needs")
    if login.lapse:
        yield Finding("login_lapse", "note", f"{name} login", login.lapse)


def judge_here(facts: HereFacts) -> Iterator[Finding]:
    """The findings on this machine."""
    yield _secrets(facts)
    yield _cron_logins(facts)
    yield _cron_line(facts.cron)
    yield from _ledger(facts.ledger)
    yield _lock(facts.lock_holder)
    yield _disk(facts)
    yield _textfile(facts)


def _secrets(facts: HereFacts) -> Finding:
    if facts.secrets is not None:
        return unread("secrets", "Secrets", facts.secrets)
    return Finding("secrets", "ok", "Secrets", f"can be read, by this user only: {facts.secrets_place}")


def _cron_logins(facts: HereFacts) -> Finding:
    code, subject, missing = "cron_logins", "Logins under cron", facts.cron.missing
    if isinstance(missing, Unread):
        return unread(code, subject, missing)
    lost = [name for names in missing.values() for name in names]
    if not lost:
        return Finding(code, "ok", subject, "found in cron's own environment")
    message = f"Cron would not find {listed(lost)}: it starts with an almost empty environment."
    hint = (
        "Write them, one NAME=value a line, into a file of mode 0600 that the job reads first (`set -a; . FILE; exec "
        "zoho-xero-sync ...`), or have the program keep them: `secrets.store: file` in the configuration, then "
        "zoho-xero-sync auth zoho and zoho-xero-sync auth xero"
    )
    return Finding(code, "problem", subject, message, hint, "login")


def _cron_line(cron: CronFacts) -> Finding:
    code, subject = "cron_line", "Cron job"
    if not cron.places:
        message = "No cron job and no systemd unit of this user names zoho-xero-sync."
        return Finding(code, "note", subject, message, "Add one when the dry run looks right: see crontab.example.")
    if cron.program is False:
        message = "The cron job names zoho-xero-sync without its folder, and cron's PATH does not find it."
        hint = "Write the whole path in the job; to see it: command -v zoho-xero-sync"
        return Finding(code, "problem", subject, message, hint, "deals")
    return Finding(code, "ok", subject, f"found in {', '.join(cron.places)}")


def _ledger(ledger: LedgerFacts) -> Iterator[Finding]:
    if ledger.trouble is not None:
        yield unread("ledger", "Ledger", ledger.trouble)
        for code, subject in (("baseline", "Baseline"), ("unsettled", "Unknown outcomes")):
            yield Finding(code, "unchecked", subject, "the ledger could not be read.")
        return
    if not ledger.exists:
        message = f"There is none yet at {ledger.place}."
        hint = "`zoho-xero-sync init` makes it; if there was one, restore the backup: it knows what has been invoiced."
        yield Finding("ledger", "note", "Ledger", message, hint)
        for code, subject in (("baseline", "Baseline"), ("unsettled", "Unknown outcomes")):
            yield Finding(code, "unchecked", subject, "there is no ledger yet.")
        return
    yield Finding("ledger", "ok", "Ledger", f"sound, and for this user only: {ledger.place}")
    yield _baseline(ledger)
    if ledger.unsettled:
        message = f"{ledger.unsettled} of the requests to Xero had no answer; nobody knows yet what became of them."
        hint = "The next run asks Xero before it sends anything: zoho-xero-sync sync"
        yield Finding("unsettled", "problem", "Unknown outcomes", message, hint, "retry")
    else:
        yield Finding("unsettled", "ok", "Unknown outcomes", "none: every request to Xero has its answer")


def _baseline(ledger: LedgerFacts) -> Finding:
    code, subject = "baseline", "Baseline"
    if not ledger.baseline:
        message = "The first run was cut short: the baseline is not recorded, so nothing is invoiced yet."
        return Finding(code, "problem", subject, message, "Complete it: zoho-xero-sync sync", "deals")
    if ledger.uncovered:
        message = f"It does not cover {listed(ledger.uncovered)} yet: deals in it already will not be invoiced."
        hint = "The next sync records them as history; ask for those you want with: zoho-xero-sync sync --deal ID"
        return Finding(code, "note", subject, message, hint)
    return Finding(code, "ok", subject, "recorded, for every stage of the configuration")


def _lock(holder: str) -> Finding:
    if not holder:
        return Finding("lock", "ok", "Lock", "free: no other run is at work")
    message = f"Another run is at work now (process {holder})."
    hint = f"Nothing to do, unless it never ends: then stop it with `kill {holder}`."
    return Finding("lock", "note", "Lock", message, hint)


def _disk(facts: HereFacts) -> Finding:
    code, subject, free = "disk", "Disk space", facts.disk_free
    if isinstance(free, Unread):
        return unread(code, subject, free)
    megabytes = free // (1024 * 1024)
    if free >= LEAST_FREE:
        return Finding(code, "ok", subject, f"{megabytes:,} MB free beside the ledger")
    message = f"Only {megabytes:,} MB are free where the ledger is; a run that cannot write it sends nothing."
    return Finding(code, "problem", subject, message, "Make room there, at least 100 MB.", "ledger")


def _textfile(facts: HereFacts) -> Finding:
    code, subject = "textfile", "Metrics"
    if facts.textfile_trouble is not None:
        return unread(code, subject, facts.textfile_trouble)
    if not facts.textfile:
        return Finding(code, "ok", subject, "not used: watch.textfile is not set")
    return Finding(code, "ok", subject, f"can be written: {facts.textfile}")


# ---- clock and allowances ----


def judge_calls(zoho: ZohoFacts, xero: XeroFacts, kept: int) -> Iterator[Finding]:
    """This machine's clock against both services', and what is left of their allowances; `kept` is xero_calls_kept."""
    yield _clock(zoho.skew, xero.skew)
    yield _zoho_allowance(zoho.calls_left, asked=zoho.skew is not None)
    yield _xero_allowance(xero.calls_left, kept)


def _clock(zoho: timedelta | None, xero: timedelta | None) -> Finding:
    code, subject = "clock", "Clock"
    told = [(name, skew) for name, skew in (("Zoho", zoho), ("Xero", xero)) if skew is not None]
    if not told:
        return Finding(code, "unchecked", subject, "neither service told its time.")
    name, worst = max(told, key=lambda pair: abs(pair[1]))
    seconds = int(abs(worst).total_seconds())
    if abs(worst) <= MOST_SKEW:
        return Finding(code, "ok", subject, f"within {max(seconds, 1)} s of {' and '.join(name for name, _ in told)}")
    direction = "behind" if worst > timedelta(0) else "ahead of"
    message = f"This machine's clock is {seconds} s {direction} {name}'s: logins are renewed too late or too early."
    hint = "Have the machine keep its time by itself, such as: sudo timedatectl set-ntp true"
    return Finding(code, "problem", subject, message, hint, "deals")


def _zoho_allowance(left: int | None, *, asked: bool) -> Finding:
    code, subject = "zoho_allowance", "Calls left at Zoho"
    if not asked:
        return Finding(code, "unchecked", subject, "Zoho could not be asked.")
    # Zoho CRM API v8, "API limits": the header comes once half of the day's credits are used.
    if left is None:
        return Finding(code, "ok", subject, "more than half of the day's credits")
    if left >= _FEW_CREDITS:
        return Finding(code, "ok", subject, f"{left:,} credits today")
    message = f"Only {left:,} of Zoho's credits are left today; without them no deal is read."
    hint = "Run less often, or look which other program uses them (Setup, Developer Hub, APIs & SDKs, Dashboard)."
    return Finding(code, "problem", subject, message, hint, "retry")


def _xero_allowance(left: int | None, kept: int) -> Finding:
    code, subject = "xero_allowance", "Calls left at Xero"
    if left is None:
        return Finding(code, "unchecked", subject, "Xero did not tell.")
    if left > kept:
        return Finding(code, "ok", subject, f"{left:,} today, of which {kept:,} are kept for other apps")
    message = f"{left:,} calls are left at Xero today, and limits.xero_calls_kept keeps {kept:,} for other apps."
    hint = "Nothing is lost: runs go on when Xero allows more. To go on now, lower limits.xero_calls_kept."
    return Finding(code, "problem", subject, message, hint, "retry")
