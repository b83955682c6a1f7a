"""Measurements against the budgets of docs/design, on a real server and real processes: `python -m benchmarks`.

Nothing here is a test: times are reported beside a peer measured in the same run, never asserted.
"""
