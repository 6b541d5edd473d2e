"""What became of the last run, in Prometheus' text format, as node exporter's textfile collector reads it."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from zoho_xero_sync.core.report import Report
from zoho_xero_sync.core.views import StatusView

PREFIX = "zoho_xero_sync_"
_SUCCESS = "last_success_timestamp_seconds"
_SUCCESS_LINE = re.compile(rf"^{PREFIX}{_SUCCESS} ([0-9]+)$", re.MULTILINE)
# Node exporter runs as a user of its own.
_MODE = 0o644

# Name to help text, in the order of the file; all are gauges (prometheus.io/docs/instrumenting/exposition_formats).
METRICS = {
    "last_run_timestamp_seconds": "When the last run ended.",
    _SUCCESS: "When a run last ended with exit code 0 or 3.",
    "exit_code": "The exit code of the last run.",
    "run_seconds": "How long the last run took.",
    "deals": "Deals, contacts and invoices of the last run by what became of them.",
    "api_calls": "Calls the last run made, by service.",
    "waiting_deals": "Deals that wait for a person.",
    "pending_deals": "Deals that the next run goes on with.",
    "unsettled_writes": "Requests to Xero whose answer is still missing.",
    "checkpoint_timestamp_seconds": "Changes in Zoho have been read up to here.",
    "allowance_left": "Calls left today as the service last told, by service.",
}


def write_metrics(
    path: Path, *, code: int, good: bool, at: datetime, seconds: float, report: Report | None, status: StatusView | None
) -> None:
    """Put the metrics at `path`, whole or not at all. What is not known has no sample. Raises OSError."""
    success = str(int(at.timestamp())) if good else _earlier_success(path)
    samples: dict[str, list[tuple[str, str]]] = {
        "last_run_timestamp_seconds": [("", str(int(at.timestamp())))],
        _SUCCESS: [("", success)] if success else [],
        "exit_code": [("", str(code))],
        "run_seconds": [("", f"{max(seconds, 0.0):.3f}")],
    }
    if report is not None:
        samples["deals"] = [(f'{{action="{name}"}}', str(number)) for name, number in report.counts.items()]
        samples["api_calls"] = [(f'{{service="{name}"}}', str(number)) for name, number in report.api_calls.items()]
    if status is not None:
        samples |= _standing(status)
    _replace(path, "".join(f"{line}\n" for line in _lines(samples)))


def _standing(status: StatusView) -> dict[str, list[tuple[str, str]]]:
    left = [(f'{{service="{name}"}}', number) for name, number in status.allowances.items()]
    return {
        "waiting_deals": [("", str(len(status.waiting)))],
        "pending_deals": [("", str(len(status.pending)))],
        "unsettled_writes": [("", str(len(status.uncertain)))],
        "checkpoint_timestamp_seconds": [("", str(int(status.checkpoint.timestamp())))] if status.checkpoint else [],
        "allowance_left": left,
    }


def _lines(samples: dict[str, list[tuple[str, str]]]) -> Iterator[str]:
    for name, meaning in METRICS.items():
        found: Iterable[tuple[str, str]] = samples.get(name, ())
        if found:
            yield f"# HELP {PREFIX}{name} {meaning}"
            yield f"# TYPE {PREFIX}{name} gauge"
        yield from (f"{PREFIX}{name}{labels} {value}" for labels, value in found)


def _earlier_success(path: Path) -> str | None:
    try:
        found = _SUCCESS_LINE.search(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None
    return found[1] if found else None


def _replace(path: Path, text: str) -> None:
    # The collector reads *.prom only, so that it never meets the half-written file.
    descriptor, scratch = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), _MODE)
            file.write(text)
        Path(scratch).replace(path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise
