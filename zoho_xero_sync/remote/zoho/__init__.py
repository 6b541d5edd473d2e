"""Zoho CRM's API."""
