"""COQL: the text of a query, its grammar, its meaning against the modules, and its answer."""
