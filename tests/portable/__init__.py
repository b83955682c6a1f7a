"""Tests of `trainwright.portable`."""
