"""Xero's accounting API."""
