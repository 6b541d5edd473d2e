"""`check`: looks at both organisations and this machine, changes nothing, and has the findings judged."""

from __future__ import annotations

from zoho_xero_sync.checking.gather import run_check

__all__ = ["run_check"]
