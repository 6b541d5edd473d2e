"""The line itself, the only room that sees both the ledger and the services."""
