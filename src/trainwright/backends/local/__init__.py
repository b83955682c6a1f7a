"""The local backend: jobs as processes of this machine."""

from trainwright.backends.local.backend import LocalBackend
from trainwright.backends.local.settings import LocalSettings, RestartPolicy

__all__ = ["LocalBackend", "LocalSettings", "RestartPolicy"]
