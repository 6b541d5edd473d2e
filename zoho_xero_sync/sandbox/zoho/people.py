"""The two users every organisation has: the one at the desk and the one whose login the program uses."""

from __future__ import annotations

ADMIN = "5725767000000000101"
INTEGRATION = "5725767000000000102"
PEOPLE = {
    ADMIN: ("Sales", "Desk", "sales@example.com"),
    INTEGRATION: ("Integration", "User", "integration@example.com"),
}
