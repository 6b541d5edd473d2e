"""The exit code as a pure function of what a run came to."""

from __future__ import annotations

from collections.abc import Mapping

from zoho_xero_sync.core.problems import RUN_CODES

OK, ATTENTION, RETRY, CHANGES = 0, 3, 4, 5
# When several apply the first of these wins (contract, section 2); 10, 11 and 2 end a run before there are others.
_SEVERITY = (1, 13, 12, 15, 10, 11, 2, RETRY, ATTENTION)
_TO_DO = ("contacts_created", "contacts_updated", "invoices_created", "invoices_updated", "invoices_voided", "adopted")


def exit_code(
    counts: Mapping[str, int], problem_codes: frozenset[str], *, detailed_dry_run: bool = False, words: bool = False
) -> int:
    """0 only when nothing is held, refused, unknown or failed; 5 for a detailed dry run that has something to do.

    `words` says that Zoho would be told something, which is to do as well.
    """
    codes = {RUN_CODES[code] for code in problem_codes if code in RUN_CODES}
    if counts["uncertain"]:
        codes.add(RETRY)
    if counts["held"] or counts["rejected"] or "deal_not_found" in problem_codes:
        codes.add(ATTENTION)
    worst = next((code for code in _SEVERITY if code in codes), OK)
    to_do = words or any(counts[name] for name in _TO_DO)
    if detailed_dry_run and worst in (OK, ATTENTION) and to_do:
        return CHANGES
    return worst
