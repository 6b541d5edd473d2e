"""Alembic runs this file; it works on the connection, and inside the transaction, that opening.py hands over.

Alembic leaves an outer transaction alone (Alembic cookbook: "Sharing a Connection across one or more programmatic
migration commands"), so a migration and what its caller adds become visible together or not at all.
"""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
