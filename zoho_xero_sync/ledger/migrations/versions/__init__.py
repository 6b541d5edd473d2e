"""The ledger's schema, one module per version. A released version is never edited."""
