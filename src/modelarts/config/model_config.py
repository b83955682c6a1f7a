"""Value objects that scripts make for models and services, which this server does not run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class ServiceConfig:
    """Which model serves, on what, and with which part of the requests."""

    model_id: str | None = None
    weight: int | None = None
    instance_count: int | None = None
    specification: str | None = None
    envs: dict[str, Any] | None = None
    custom_spec: dict[str, Any] | None = None
    cluster_id: str | None = None
    src_path: str | None = None
    dest_path: str | None = None
    req_uri: str | None = None
    mapping_type: str | None = None
    mapping_rule: dict[str, Any] | None = None


@dataclass
class TransformerConfig:
    """What prepares requests and answers of a service."""

    model_id: str | None = None
    weight: int | None = None
    instance_count: int | None = None
    specification: str | None = None
    envs: dict[str, Any] | None = None


@dataclass
class Params:
    """One input or output of a model's interface."""

    url: str | None = None
    param_name: str | None = None
    param_type: str | None = None
    min: float | None = None
    max: float | None = None
    param_desc: str | None = None


@dataclass
class Packages:
    """One package that a model needs; `restraint` is EXACT, ATLEAST or ATMOST."""

    package_name: str | None = None
    package_version: str | None = None
    restraint: str | None = None


@dataclass
class Dependencies:
    """What is installed for a model; `installer` is such as pip."""

    installer: str | None = None
    packages: Sequence[Packages] = field(default_factory=list)


@dataclass
class Schedule:
    """When a service stops."""

    type: str | None = None
    time_unit: str | None = None
    duration: int | None = None
