"""Which items invoices need, and what Xero's refusals of them mean."""

from __future__ import annotations

from dataclasses import replace

import pytest
from core_samples import BOOKS, a_deal, a_document, a_row

from zoho_xero_sync.core.items import item_operation, new_items, says_item_exists
from zoho_xero_sync.core.lines import draft_lines
from zoho_xero_sync.core.model import InvoiceLine, ItemDraft, OperationKind, Problem
from zoho_xero_sync.core.rules import InvoiceRules
