"""The images file: names that jobs can give as `engine.image_url`, and where those images lie on the nodes."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator

from trainwright.catalog.engines import CatalogueError, parse_entry, read_entries


class ImageEntry(BaseModel):
    """One image. `path`: the root folder of a file system, or an OCI layout or archive, or what `docker save` writes.
    `environment` and `working_dir` replace what the image says of itself; a plain folder says nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=512)
    path: str
    description: str = ""
    environment: dict[str, str] = Field(default_factory=dict)
    working_dir: str = ""

    @field_validator("path", "working_dir")
    @classmethod
    def _absolute(cls, value: str) -> str:
        if value and (not value.startswith("/") or ".." in value.split("/") or "\0" in value):
            raise ValueError("an absolute path without ..")
        return value


def load_images(path: Path) -> tuple[ImageEntry, ...]:
    """The images of the file at `path`, a YAML list under `images`, in its order; none when there is no such file.
    Whether they can be run is looked at when a job names one.

    Raises:
        CatalogueError: the file cannot be read, or an entry is wrong or repeated.
    """
    if not path.exists():
        return ()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise CatalogueError(f"{path}: cannot be read: {exc}") from exc
    images: list[ImageEntry] = []
    for index, raw in enumerate(read_entries(text, "images", str(path))):
        image = parse_entry(ImageEntry, raw, f"{path}: images[{index}]")
        if not image.path:
            raise CatalogueError(f"{path}: images[{index}].path: it is required")
        if any(image.name == other.name for other in images):
            raise CatalogueError(f"{path}: images[{index}].name: {image.name} is used twice")
        images.append(image)
    return tuple(images)
