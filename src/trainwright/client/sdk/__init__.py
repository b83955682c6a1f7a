"""The SDK: jobs and what belongs to them as objects, over `Client` and `AsyncClient`; `connect` is where to begin."""
