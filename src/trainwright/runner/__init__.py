"""The program on the node: prepares, starts, watches and reports one task (docs/design/runner.md).

Standard library only, Python 3.9 upwards, nothing of ours: it is shipped as one zipapp. What lies on the way from the
start to the user's first log line imports as little as possible: `typing`, `dataclasses`, `subprocess`, `threading`,
`http.client` and `ssl` cost between 3 and 60 ms each (measured 2026-11-22) and are loaded by `deferred` where needed.
"""
