"""The command line: click, and nothing else knows click."""
