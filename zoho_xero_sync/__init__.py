"""Turns Zoho CRM deals into Xero contacts and invoices, once and to the cent."""

__version__ = "0.1.0"
