"""The Xero half of the sandbox."""
