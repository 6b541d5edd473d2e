"""Reports, plans and status as text and JSON: values in, text out."""
