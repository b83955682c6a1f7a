"""Modules that are imported when something of them is first asked for, so that importing us costs little.

>>> if TYPE_CHECKING:
...     import httpx
... else:
...     httpx = deferred("httpx")

Type checkers and import contracts see the import; whoever never sends a request never waits for it (docs/adr/0033).
"""

from __future__ import annotations

import importlib
import sys
from typing import Any, Callable, Mapping


class Deferred:
    """Stands for a module. Asking it for anything imports the module; any number of threads may be the first."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)

    def __repr__(self) -> str:
        return f"<deferred module {self._name!r}>"


def deferred(name: str) -> Any:
    """What stands for the module `name`, an absolute one, until something of it is asked for.

    A module that does not exist is found out then, by the `ImportError` that a plain import would have raised.
    """
    return Deferred(name)


def exporter(package: str, places: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` (PEP 562) of `package`: a name in `places` is fetched from its module when it is first asked
    for, and is an ordinary attribute from then on. A place that ends in the name itself is the module of that name.
    """

    def fetch(name: str) -> Any:
        place = places.get(name)
        if place is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = importlib.import_module(place)
        value = module if place == f"{package}.{name}" else getattr(module, name)
        setattr(sys.modules[package], name, value)
        return value

    return fetch
