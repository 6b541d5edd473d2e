"""Runs with cron's environment and tells, as JSON on stdout, which secrets it does not find. No secret is told."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from zoho_xero_sync.config import load_config
from zoho_xero_sync.errors import SyncError
from zoho_xero_sync.services import Logins


def main(file: Path) -> None:
    """Look up every login of the configuration, as a run would before its first call."""
    told: dict[str, object] = {"missing": {}, "trouble": "", "hint": ""}
    try:
        logins = Logins(load_config(file, environ=os.environ, cwd=Path.cwd()), os.environ)
        told["missing"] = {service: logins.missing(service) for service in ("zoho", "xero")}
    except SyncError as error:
        told |= {"trouble": error.message, "hint": error.hint}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
