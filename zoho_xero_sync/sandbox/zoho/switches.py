"""Behaviour on which the public sources disagree or are silent: one switch each, with the default taken here.

A world sets them under `zoho.switches`; a test sets `state.switches[name]`.
"""

from __future__ import annotations

from collections.abc import Mapping

DEFAULTS: dict[str, object] = {
    # COQL rows carry the display name in lookups since v7; older reports and the same page's text show the id alone.
    "lookup_names": True,
    # Whether COQL compares text by case is not documented.
    "text_case_sensitive": True,
    # The COQL page's error list names both 50 and 100 as the most values `in` may hold.
    "in_list_limit": 50,
    # The COQL page lists 401 for a column selected twice and 400 for one ordered by twice.
    "duplicate_column_status": 400,
    # Two integrators report that negative offsets in date-times are refused; the official samples use them.
    "negative_offsets": True,
    # A record that is gone: 204, 400 and 404 are all reported for GET by id.
    "missing_record_status": 204,
    # `ids` of a list: 100 documented, 50 fit the documented length.
    "ids_limit": 100,
    # A subform named in `fields` of a list is left out, or refused.
    "list_subform": "drop",
    # If-Modified-Since: whether a record modified in that very second is still listed.
    "modified_since_inclusive": False,
    # Body code of a 429: TOO_MANY_REQUESTS (classic) or RATE_LIMIT_EXCEEDED (newer specifications).
    "rate_limit_code": "TOO_MANY_REQUESTS",
    # No Retry-After is documented; seconds here make one appear.
    "retry_after": None,
    # Token errors arrive under 200 for most reporters, under 400 for some.
    "token_error_status": 200,
    # Whether merging two records bumps the Modified_Time of the records that pointed at the loser.
    "merge_bumps_related": False,
    # Whether editing a quote, order or invoice bumps the Modified_Time of its deal.
    "document_bumps_deal": False,
}


def with_defaults(given: Mapping[str, object]) -> dict[str, object]:
    """All switches, `given` over the defaults. Raises ValueError for a name that does not exist."""
    unknown = sorted(set(given) - set(DEFAULTS))
    if unknown:
        raise ValueError(
            f"zoho.switches: there is no switch {', '.join(unknown)}; known: {', '.join(sorted(DEFAULTS))}"
        )
    return {**DEFAULTS, **given}
