"""The configuration: one YAML file in, frozen and typed settings out, or every problem at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from zoho_xero_sync.config.document import read_document
from zoho_xero_sync.config.reading import read_config
from zoho_xero_sync.config.scan import check_everywhere
from zoho_xero_sync.config.search import find_config
from zoho_xero_sync.config.section import Problems
from zoho_xero_sync.config.settings import Config, SecretsConfig, WatchConfig, XeroConfig, ZohoConfig

__all__ = ["Config", "SecretsConfig", "WatchConfig", "XeroConfig", "ZohoConfig", "load_config"]


def load_config(path: Path | None, *, environ: Mapping[str, str], cwd: Path) -> Config:
    """The configuration in `path`, else $ZXS_CONFIG, else ./config.yaml, else the user's configuration directory.

    `cwd` is absolute. Raises ConfigError with every problem found, each with its line and key.
    """
    found = find_config(path, environ, cwd)
    root = read_document(found.path, found.shown)
    problems = Problems(found.shown)
    check_everywhere(problems, root)
    config = read_config(problems, root, found.path, environ)
    problems.stop_if_any()
    return config
