"""The way of a deal through its stages, as its related list Stage_History and the module DealHistory tell it.

Source: www.zoho.com/crm/developer/docs/api/v8/get-related-records.html (Stage_History) and .../modules-api.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .ids import IdSource
from .people import ADMIN
from .rule import rules
from .store import Record, Table

RULES = rules(
    "get-related-records.html",
    "A deal's Stage_History has a row for each stage it was in: the stage, the one it moved to (null in the present "
    "one), the days, and the deal's amount then. The same rows answer queries of DealHistory by Potential_Name.",
)
_FIRST = 950_000_000_000


class StageHistory:
    """Keeps the rows of the module DealHistory true to the deals."""

    def __init__(self, table: Table, switches: Mapping[str, object]) -> None:
        self._table = table
        self._switches = switches
        self._ids = IdSource(_FIRST)
        self._open: dict[str, Record] = {}

    def enter(self, deal: Record, when: datetime) -> None:
        """The deal is in the stage it has from `when` on."""
        values = deal.values
        row: dict[str, Any] = {
            "Potential_Name": deal.id,
            "Stage": values.get("Stage"),
            "Moved_To__s": None,
            "Stage_Duration_Calendar_Days": 0,
            "Amount": values.get("Amount"),
            "Probability": values.get("Probability"),
            "Expected_Revenue": values.get("Expected_Revenue"),
            "Close_Date": values.get("Closing_Date"),
            "Modified_By": values.get("Modified_By", ADMIN),
            "Created_Time": when,
            "Modified_Time": when,
        }
        self._open[deal.id] = Record(self._ids.fresh(), row)
        self._table.insert(self._open[deal.id])

    def move(self, deal: Record, when: datetime) -> None:
        """The deal has left the stage of its last row for the one it has now."""
        last = self._open[deal.id]
        left: dict[str, Any] = {
            "Moved_To__s": deal.values["Stage"],
            "Stage_Duration_Calendar_Days": (when - last.values["Created_Time"]).days,
        }
        if self._switches["stage_history_time"] == "left":
            left["Modified_Time"] = when
        self._table.change(last, left)
        self.enter(deal, when)

    def forget(self, deal: Record) -> None:
        """The deal is gone, and its history with it."""
        for row in self._table.linked("Potential_Name", (deal.id,)):
            self._table.remove(row)
        del self._open[deal.id]
