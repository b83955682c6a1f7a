"""The checks behind `scripts/check`. Each takes the repository's root, so that tests can plant breaches in a copy."""
