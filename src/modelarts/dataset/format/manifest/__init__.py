"""Manifests: files that say what labelled data there is, a JSON object a line."""

from modelarts.dataset.format.manifest.manifest import Manifest

__all__ = ["Manifest"]
