"""The pure core: words, tables and decisions. Standard library and pydantic only; no I/O, no clock, no randomness."""
