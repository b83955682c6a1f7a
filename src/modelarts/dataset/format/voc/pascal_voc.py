"""`PascalVoc`: what is to be seen on one image, read from and written to XML."""

import xml.etree.ElementTree as ElementTree  # after `_check`: without a document type nothing expands
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self
from xml.parsers import expat  # refuses the first document type it meets

from modelarts.dataset.format.files import read_bytes, write_bytes
from modelarts.dataset.format.voc.position import KINDS, Position
from modelarts.dataset.format.voc.voc_object import TAGS, VocObject
from modelarts.exception import InvalidArgument, raising
from modelarts.session import Session

SIZE_MAX = 64 << 20
PARTS_DEEP_MAX = 50


@dataclass
class Source:
    """Where an image comes from."""

    database: str | None = None
    annotation: str | None = None
    image: str | None = None


@dataclass
class PascalVoc:
    """One image and its objects. `width`, `height` and `depth` are numbers; None for what is not said."""

    folder: str | None = None
    file_name: str | None = None
    source: Source | None = None
    width: int | None = None
    height: int | None = None
    depth: int | None = None
    segmented: str | None = None
    mask_source: str | None = None
    voc_objects: Sequence[VocObject] = field(default_factory=list)

    @classmethod
    @raising
    def parse_xml(cls, xml_file_path: str, session: Session | None = None) -> Self:
        """Read a file of this machine, or with a session of the object store.

        Raises:
            InvalidArgument: there is no such file, or it is not Pascal VOC; a document type, through which a file
                could grow without bounds or name other files, is refused.
            ModelArtsError: the file cannot be read.
        """
        content = read_bytes(xml_file_path, session)
        try:
            _check(content)
            root = ElementTree.fromstring(content)  # noqa: S314  # checked
        except (expat.ExpatError, ElementTree.ParseError, ValueError) as exc:
            raise InvalidArgument(f"{xml_file_path} is no readable XML: {exc}.") from exc
        if root.tag != "annotation":
            raise InvalidArgument(
                f"{xml_file_path} is not Pascal VOC: its root is {root.tag}, not annotation."
            )
        source, size = root.find("source"), root.find("size")
        return cls(
            folder=_text(root, "folder"),
            file_name=_text(root, "filename"),
            source=None if source is None else Source(*(_text(source, name) for name in _SOURCE)),
            width=_number(size, "width"),
            height=_number(size, "height"),
            depth=_number(size, "depth"),
            segmented=_text(root, "segmented"),
            mask_source=_text(root, "mask_source"),
            voc_objects=[_object(each, 1) for each in root.findall("object")],
        )

    @raising
    def save_xml(self, xml_file_path: str, session: Session | None = None) -> None:
        """Write it to a file of this machine, or with a session to the object store.

        Raises:
            ModelArtsError: it cannot be written.
        """
        root = ElementTree.Element("annotation")
        _put(root, "folder", self.folder)
        _put(root, "filename", self.file_name)
        if self.source is not None:
            source = ElementTree.SubElement(root, "source")
            for name in _SOURCE:
                _put(source, name, getattr(self.source, name))
        size = ElementTree.SubElement(root, "size")
        for name in ("width", "height", "depth"):
            _put(size, name, getattr(self, name))
        _put(root, "segmented", self.segmented)
        _put(root, "mask_source", self.mask_source)
        for each in self.voc_objects:
            _put_object(ElementTree.SubElement(root, "object"), each)
        ElementTree.indent(root)
        write_bytes(xml_file_path, ElementTree.tostring(root, "utf-8", xml_declaration=True), session)

    save = save_xml


_SOURCE = ("database", "annotation", "image")


def _check(content: bytes) -> None:
    """Raises `ValueError` for a document type or too much, `ExpatError` for what is no XML."""
    if len(content) > SIZE_MAX:
        raise ValueError("it is larger than 64 MiB")

    def refuse(*_: object) -> None:
        raise ValueError("it has a document type (<!DOCTYPE>)")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(content, True)


def _object(element: ElementTree.Element, depth: int) -> VocObject:
    if depth > PARTS_DEEP_MAX:
        raise InvalidArgument(f"Parts lie in parts more than {PARTS_DEEP_MAX} deep.")
    shapes = [(kind, element.find(kind)) for kind in KINDS]
    position = next((_position(kind, shape) for kind, shape in shapes if shape is not None), None)
    return VocObject(
        properties={
            _text(each, "key") or "": _text(each, "value") or ""
            for each in element.iterfind("properties/property")
        },
        position=position,
        parts=[_object(part, depth + 1) for part in element.findall("part")],
        **{attribute: _text(element, tag) for attribute, tag in TAGS.items()},
    )


def _position(kind: str, shape: ElementTree.Element) -> Position:
    return Position(kind, {each.tag: (each.text or "").strip() for each in shape})


def _put_object(element: ElementTree.Element, given: VocObject) -> None:
    for attribute, tag in TAGS.items():
        _put(element, tag, getattr(given, attribute))
    if given.properties:
        properties = ElementTree.SubElement(element, "properties")
        for key, value in given.properties.items():
            each = ElementTree.SubElement(properties, "property")
            _put(each, "key", key)
            _put(each, "value", value)
    if given.position is not None:
        shape = ElementTree.SubElement(element, given.position.type)
        for tag, value in given.position.tags().items():
            _put(shape, tag, value)
    for part in given.parts:
        _put_object(ElementTree.SubElement(element, "part"), part)


def _text(element: ElementTree.Element, tag: str) -> str | None:
    found = element.findtext(tag)
    return None if found is None else found.strip()


def _number(element: ElementTree.Element | None, tag: str) -> int | None:
    text = None if element is None else _text(element, tag)
    if not text:
        return None
    try:
        return int(float(text))
    except (ValueError, OverflowError):
        raise InvalidArgument(f"The {tag} of an image must be a number, not {text}.") from None


def _put(element: ElementTree.Element, tag: str, value: object) -> None:
    if value is not None:
        ElementTree.SubElement(element, tag).text = str(value)
