"""Building the web console: for the wheel's build hook (hatch_build.py), scripts/bootstrap, `make console`, the checks.

Standard library only, since it runs before anything is installed.
"""
