"""Behaviour on which the public sources disagree or are silent: one switch each, with the default taken here.

A world sets them under `zoho.switches`; a test sets `state.switches[name]`.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..rule import Switch
from .rule import API

_COQL = f"{API}COQL-Overview.html"
_LIST = f"{API}get-records.html"
_LIMITS = f"{API}api-limits.html"

SWITCHES: Mapping[str, Switch] = {
    "lookup_names": Switch(
        True,
        "Whether lookups of a COQL row carry the display name: so since v7, while older reports and the same page's "
        "text show the id alone.",
        f"{API}Get-Records-through-COQL-Query.html",
        strict=False,
    ),
    "text_case_sensitive": Switch(
        True, "Whether COQL compares text by case, which is not documented; by case is the stricter.", _COQL
    ),
    "in_list_limit": Switch(
        50,
        "Most values `in` may hold: the page's list of errors names both 50 and 100.",
        f"{API}Get-Records-through-COQL-Query.html",
    ),
    "duplicate_column_status": Switch(
        400,
        "Status of a column selected twice: the page lists 401, and 400 for one ordered by twice.",
        f"{API}Get-Records-through-COQL-Query.html",
        strict=401,
    ),
    "negative_offsets": Switch(
        True,
        "Whether COQL takes date-times with a negative offset: the samples use them, integrators report refusals.",
        f"{API}Get-Records-through-COQL-Query.html",
        strict=False,
    ),
    "missing_record_status": Switch(
        204, "Status of a GET by id of a record that is gone: 204, 400 and 404 are all reported.", _LIST, strict=400
    ),
    "ids_limit": Switch(
        100, "Most `ids` of a list: 100 are documented, 50 fit the documented length.", _LIST, strict=50
    ),
    "list_subform": Switch(
        "drop", "A subform named in `fields` of a list: left out (drop), or refused (error).", _LIST, strict="error"
    ),
    "modified_since_inclusive": Switch(
        False, "Whether If-Modified-Since returns a record modified in that very second.", _LIST
    ),
    "search_lag_seconds": Switch(
        0,
        "Seconds for which a search does not find what was just created or changed; its index may lag behind.",
        f"{API}search-records.html",
        strict=60,
    ),
    "rate_limit_code": Switch(
        "TOO_MANY_REQUESTS",
        "Code of a 429: TOO_MANY_REQUESTS (classic) or RATE_LIMIT_EXCEEDED (newer specifications).",
        _LIMITS,
        strict="RATE_LIMIT_EXCEEDED",
    ),
    "retry_after": Switch(None, "Retry-After of a 429 in seconds; none is documented, and none is sent.", _LIMITS),
    "token_error_status": Switch(
        200,
        "Status of a refused token request: 200 for most reporters, 400 for some.",
        f"{API}refresh.html",
        strict=400,
    ),
    "merge_bumps_related": Switch(
        False,
        "Whether merging two records moves the Modified_Time of the records that pointed at the loser.",
        f"{API}get-records.html",
    ),
    "merged_away": Switch(
        "recycle",
        "As what the record that was merged away is listed among the deleted: with its name (recycle) or gone for good "
        "(permanent).",
        f"{API}get-deleted-records.html",
        strict="permanent",
    ),
    "stage_history_time": Switch(
        "entered",
        "What Modified_Time of a row of Stage_History is: when its stage was entered, or when it was left.",
        f"{API}get-related-records.html",
        strict="left",
    ),
    "approval_hides": Switch(
        False,
        "Whether a record that waits for approval is missing from lists and queries too.",
        _LIST,
        strict=True,
    ),
    "subform_scope": Switch(
        "parent",
        "Whose scope the rows of a subform need that an administrator made: the module's it is on (parent), or that of "
        "custom modules (custom); the page names both and does not say which.",
        f"{API}subforms.html",
        strict="custom",
    ),
    "document_bumps_deal": Switch(
        False,
        "Whether editing a quote, order or invoice moves the Modified_Time of its deal.",
        f"{API}update-records.html",
    ),
}

DEFAULTS: Mapping[str, object] = {name: switch.default for name, switch in SWITCHES.items()}


def with_defaults(given: Mapping[str, object]) -> dict[str, object]:
    """All switches, `given` over the defaults. Raises ValueError for a name that does not exist."""
    unknown = sorted(set(given) - set(DEFAULTS))
    if unknown:
        raise ValueError(
            f"zoho.switches: there is no switch {', '.join(unknown)}; known: {', '.join(sorted(DEFAULTS))}"
        )
    return {**DEFAULTS, **given}
