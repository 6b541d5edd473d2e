"""Alembic's environment and the versions of the ledger's schema; loaded only to create or upgrade a ledger."""
