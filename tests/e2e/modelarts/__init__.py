"""The proof that the official client works against us: a real server, the unmodified client, every operation."""
