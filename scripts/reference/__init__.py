"""Writes the pages of docs/reference that follow from the code: `scripts/generate-reference [--check]`."""
