"""Being watched: what a ping says and to whom, the metrics file, and that neither can harm a run."""

from __future__ import annotations

import re
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from zoho_xero_sync.config import Config, WatchConfig, load_config
from zoho_xero_sync.core.model import Identity
from zoho_xero_sync.core.report import COUNTS, Report
from zoho_xero_sync.core.views import StatusView
from zoho_xero_sync.errors import ConfigError
from zoho_xero_sync.metrics import METRICS, PREFIX, write_metrics

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 20, 1, tzinfo=UTC)
STATUS = StatusView(
    Identity("1", "Example CRM", "2", "Example Books", NOW), "ledger.db", NOW, NOW, (), (), (), (), {"xero": "4200"}
)
REPORT = Report(
    run_id="r1",
    mode="apply",
    started_at=NOW,
    finished_at=NOW,
    window=(None, None),
    checkpoint=(NOW, NOW),
    counts=dict.fromkeys(COUNTS, 0) | {"invoices_created": 2, "held": 1},
    api_calls={"zoho": 1, "xero": 5},
    deals=(),
    problems=(),
    exit_code=3,
)


def read(directory: Path, watch: str) -> Config:
    (directory / "config.yaml").write_text(f"version: 1\nstages: [{{stage: Won, invoice: draft}}]\nwatch: {watch}\n")
    return load_config(None, environ={}, cwd=directory)


# ---- configuration ----


@pytest.mark.parametrize(
    ("written", "ping"),
    [
        ("{}", None),
        ("{ping: null}", None),
        ("{ping: 'https://hc.example.com/abc/'}", "https://hc.example.com/abc"),
        ("{ping: 'https://hc.example.com'}", "https://hc.example.com"),
        ("{ping: 'http://127.0.0.1:8000/ping/a-b'}", "http://127.0.0.1:8000/ping/a-b"),
    ],
)
def test_addresses_to_ping(tmp_path: Path, written: str, ping: str | None) -> None:
    assert read(tmp_path, written).watch.ping == ping


@pytest.mark.parametrize(
    "written", ["http://hc.example.com/canary", "hc.example.com/canary", "https://u@hc.example.com/canary",
                "https://hc.example.com/canary?a=b", "ftp://hc.example.com/canary"]
)  # fmt: skip
def test_addresses_that_are_refused_are_not_quoted(tmp_path: Path, written: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f"{{ping: '{written}'}}")
    assert "watch.ping" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_the_textfile_is_beside_the_configuration(tmp_path: Path) -> None:
    assert read(tmp_path, "{textfile: sync.prom}").watch.textfile == tmp_path / "sync.prom"


def test_the_address_is_not_shown() -> None:
    assert "canary" not in repr(WatchConfig("https://hc.example.com/canary"))


# ---- metrics ----


def samples(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    return dict(line.rsplit(" ", 1) for line in lines)


def write(path: Path, code: int, *, good: bool, report: Report | None = None, status: StatusView | None = None) -> None:
    write_metrics(path, code=code, good=good, at=NOW, seconds=1.25, report=report, status=status)


def test_metrics_of_a_run(tmp_path: Path) -> None:
    path = tmp_path / "sync.prom"
    write(path, 3, good=True, report=REPORT, status=STATUS)
    found = samples(path)
    stamp = str(int(NOW.timestamp()))
    assert found[f"{PREFIX}exit_code"] == "3"
    assert found[f"{PREFIX}run_seconds"] == "1.250"
    assert found[f"{PREFIX}last_success_timestamp_seconds"] == stamp
    assert found[f'{PREFIX}deals{{action="invoices_created"}}'] == "2"
    assert found[f'{PREFIX}api_calls{{service="xero"}}'] == "5"
    assert found[f'{PREFIX}allowance_left{{service="xero"}}'] == "4200"
    assert found[f"{PREFIX}waiting_deals"] == "0"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [item.name for item in tmp_path.iterdir()] == ["sync.prom"]


def test_every_metric_has_its_help_and_type_before_its_samples(tmp_path: Path) -> None:
    path = tmp_path / "sync.prom"
    write(path, 3, good=True, report=REPORT, status=STATUS)
    text = path.read_text("utf-8")
    for name, meaning in METRICS.items():
        head = f"# HELP {PREFIX}{name} {meaning}\n# TYPE {PREFIX}{name} gauge\n{PREFIX}{name}"
        assert text.count(head) == 1, name
    sample = re.compile(rf'{PREFIX}[a-z_]+(?:\{{[a-z]+="[a-z_]+"\}})? [0-9.]+')
    assert [line for line in text.splitlines() if not line.startswith("# ") and not sample.fullmatch(line)] == []


def test_a_failed_run_remembers_the_last_good_one(tmp_path: Path) -> None:
    path = tmp_path / "sync.prom"
    write(path, 13, good=False)
    assert f"{PREFIX}last_success_timestamp_seconds" not in samples(path)
    write(path, 0, good=True)
    write_metrics(path, code=12, good=False, at=NOW.replace(hour=9), seconds=0, report=None, status=None)
    found = samples(path)
    assert found[f"{PREFIX}exit_code"] == "12"
    assert found[f"{PREFIX}last_success_timestamp_seconds"] == str(int(NOW.timestamp()))


def test_a_missing_folder_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        write(tmp_path / "gone" / "sync.prom", 0, good=True)


def test_the_page_lists_every_metric() -> None:
    rows = re.findall(rf"^\| `{PREFIX}(\w+)` \| (.+) \|$", (ROOT / "docs" / "watching.md").read_text("utf-8"), re.M)
    assert dict(rows) == METRICS


# ---- the unit ----


def test_the_unit_runs_a_command_of_this_program() -> None:
    unit = (ROOT / "docs" / "systemd" / "zoho-xero-sync.service").read_text("utf-8")
    assert re.search(r"^ExecStart=\S+/zoho-xero-sync --config \S+ sync --every \d+$", unit, re.MULTILINE)
