"""What was invoiced, remembered: the only SQL."""
