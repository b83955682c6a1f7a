"""One request body for every operation that takes one, by operation id; a test parses each with its own model."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

REQUEST_EXAMPLES: Mapping[str, dict[str, Any]] = MappingProxyType({})
