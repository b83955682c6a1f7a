"""Registered datasets, and the file formats that describe labelled data."""

from modelarts.dataset.registered import Dataset

__all__ = ["Dataset"]
