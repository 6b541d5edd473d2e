"""The rules of the trade: pure, with no I/O, no clock and no client of a service."""
