"""The Zoho half of the sandbox."""
