"""Tests of `moxing`."""
