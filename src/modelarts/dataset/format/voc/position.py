"""Where an object is on an image."""

from collections.abc import Mapping

POINT, LINE, DASHED, BNDBOX, POLYGON, CIRCLE = "point", "line", "dashed", "bndbox", "polygon", "circle"
KINDS = (BNDBOX, POINT, LINE, DASHED, POLYGON, CIRCLE)
_NAMES = {"xmin": "x_min", "ymin": "y_min", "xmax": "x_max", "ymax": "y_max"}
_TAGS = {name: tag for tag, name in _NAMES.items()}


class Position:
    """A shape of one `type` (point, line, dashed, bndbox, polygon or circle) and its coordinates, which are attributes:
    `x`, `y`; `x1`, `y1`, `x2`, …; `x_min`, `y_min`, `x_max`, `y_max`; `cx`, `cy`, `r`. Texts, as in the file.
    """

    def __init__(self, type: str, coordinates: Mapping[str, object] | None = None, **more: object) -> None:
        self.type = type
        given = {**(coordinates or {}), **more}
        self.coordinates = {_NAMES.get(name, name): str(value) for name, value in given.items()}

    def __getattr__(self, name: str) -> str:
        coordinates: dict[str, str] = self.__dict__.get("coordinates", {})
        if _NAMES.get(name, name) not in coordinates:
            raise AttributeError(f"a {self.__dict__.get('type')} has no {name}")
        return coordinates[_NAMES.get(name, name)]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Position) and (self.type, self.coordinates) == (
            other.type,
            other.coordinates,
        )

    __hash__ = None  # type: ignore[assignment]  # it can be changed

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value}" for name, value in self.coordinates.items())
        return f"Position({self.type}: {shown})"

    def tags(self) -> dict[str, str]:
        """Coordinates by their names in a file."""
        return {_TAGS.get(name, name): value for name, value in self.coordinates.items()}
