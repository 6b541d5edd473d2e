"""Whatever is done to a file: it is read, or every problem is told; nothing else is ever raised."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoho_xero_sync.config import load_config
from zoho_xero_sync.errors import ConfigError

EXAMPLE = (Path(__file__).parents[2] / "config.example.yaml").read_text("utf-8")
LINES = [line for line in (line.partition(" #")[0].rstrip() for line in EXAMPLE.splitlines()) if line.strip("# ")]
TEXT = "\n".join(line for line in LINES if not line.startswith("#"))
CANARY = "1000.0c1d2e3f405162738495a6b7c8d9eaf0.0f1e2d3c4b5a69788796a5b4c3d2e1f0"
SIGNS = list("\"'{}[]: \n\t!|>%@`\\~#=0-\0\x07\x85\u2028é")
WORDS = ["&a ", "*a", "!!int ", "!!binary x", "? ", "- ", "null", "<<: ", "---\n", "...\n", "1e999", CANARY]
ESCAPES = ['"\\UFFFFFFFF"', '"\\U00110000"', '"\\uD800"', '"\\x"', "''"]
EDITS = st.lists(
    st.tuples(st.integers(0, len(TEXT)), st.integers(0, 8), st.sampled_from(["", *SIGNS, *WORDS, *ESCAPES])),
    min_size=1,
    max_size=5,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EDITS)
def test_a_mangled_file_is_read_or_refused(tmp_path: Path, edits: list[tuple[int, int, str]]) -> None:
    text = TEXT
    for position, removed, added in edits:
        text = text[:position] + added + text[position + removed :]
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    try:
        config = load_config(None, environ={"HOME": "/home/books"}, cwd=tmp_path)
    except ConfigError as error:
        assert error.problems
        assert CANARY not in str(error)
        assert all(problem.message and problem.hint.endswith((".", "?")) for problem in error.problems)
        assert all(0 <= problem.line <= len(text.splitlines()) + 1 for problem in error.problems)
    else:
        assert config.rules.stages


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary())
def test_any_bytes_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.yaml").write_bytes(content)
    with pytest.raises(ConfigError):
        load_config(None, environ={}, cwd=tmp_path)
