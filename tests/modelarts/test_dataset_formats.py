"""Manifests and Pascal VOC: read, written, and what is refused."""

from pathlib import Path

import pytest

from modelarts.dataset.format.manifest import Manifest
from modelarts.dataset.format.manifest.annotation import Annotation
from modelarts.dataset.format.manifest.sample import Sample
from modelarts.dataset.format.voc.pascal_voc import PascalVoc, Source
from modelarts.dataset.format.voc.position import Position
from modelarts.dataset.format.voc.voc_object import VocObject
from modelarts.exception import InvalidArgument

LINES = """\ufeff{"source": "s3://b/1.jpg", "usage": "TRAIN", "hard": "true", "hard-coefficient": 0.8, "id": "0162", \
"annotation": [{"type": "modelarts/image_classification", "name": "cat", "property": {"color": "white"}, \
"annotated-by": "human", "creation-time": "2019-01-23 11:30:30", "confidence": 0.9, "unknown": 1}, \
{"type": "modelarts/object_detection", "annotation-loc": "s3://b/1.xml", "annotation-format": "PASCAL VOC"}]}

{"source": "content://我爱机器学习", "usage": "EVAL", "inference-loc": "s3://b/1.txt", "annotation": null}
{"source": "s3://b/2.jpg"}
"""


def test_a_manifest_is_read(tmp_path: Path) -> None:
    """Guards every field, both spellings of `true`, empty lines, text samples and unlabelled ones."""
    path = tmp_path / "V001.manifest"
    path.write_text(LINES, encoding="utf-8")
    read = Manifest.parse_manifest(str(path))
    assert (read.size, len(read), [sample.usage for sample in read]) == (3, 3, ["TRAIN", "EVAL", None])
    first, second, third = read.samples
    assert (first.source, first.hard, first.hard_coefficient, first.id) == ("s3://b/1.jpg", True, 0.8, "0162")
    cat, box = first.annotations
    assert cat == Annotation(
        name="cat",
        type="modelarts/image_classification",
        annotation_property={"color": "white"},
        annotated_by="human",
        creation_time="2019-01-23 11:30:30",
        confidence=0.9,
    )
    assert (box.get_loc(), box.get_annotation_format()) == ("s3://b/1.xml", "PASCAL VOC")
    assert (cat.get_name(), cat.get_type(), cat.get_property()) == ("cat", cat.type, {"color": "white"})
    assert (cat.get_confidence(), cat.get_creation_time(), cat.get_annotated_by()) == (
        0.9,
        cat.creation_time,
        "human",
    )
    assert (second.get_source(), second.get_inference_loc()) == ("content://我爱机器学习", "s3://b/1.txt")
    assert (third.get_usage(), list(third.get_annotations())) == (None, [])


def test_a_manifest_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """Guards the vendor's sample of making one, appending, and that what is not said stays unsaid."""
    samples = [
        Sample(source=f"s3://b/{i}.jpg", usage="TRAIN", annotations=[Annotation(name="Bees", confidence=0.8)])
        for i in range(19)
    ]
    path = str(tmp_path / "new" / "V001.manifest")
    made = Manifest(samples=samples, size=19)
    made.save(path)
    assert Manifest.parse_manifest(path) == made
    made.save(path, save_mode="a")
    assert Manifest.parse_manifest(path).size == 38
    assert Path(path).read_text().splitlines()[0] == (
        '{"source": "s3://b/0.jpg", "usage": "TRAIN", "annotation": [{"name": "Bees", "confidence": 0.8}]}'
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"source": "a"}\n{', "line 2: no JSON"),
        ("[]", "line 1: it must be an object"),
        ('{"annotation": {}}', "list"),
        ('{"annotation": [1]}', "each annotation"),
    ],
)
def test_a_damaged_manifest_says_where(tmp_path: Path, text: str, said: str) -> None:
    """Guards an error that names file and line."""
    path = tmp_path / "m"
    path.write_text(text)
    with pytest.raises(InvalidArgument, match=said):
        Manifest.parse_manifest(str(path))


def test_a_manifest_that_cannot_be_had(tmp_path: Path) -> None:
    """Guards a missing file, a missing session, another encoding, another mode."""
    with pytest.raises(InvalidArgument, match="no file"):
        Manifest.parse_manifest(str(tmp_path / "no"))
    with pytest.raises(InvalidArgument, match="session"):
        Manifest.parse_manifest("obs://bucket/m")
    (tmp_path / "m").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidArgument, match="utf-8"):
        Manifest.parse_manifest(str(tmp_path / "m"))
    with pytest.raises(InvalidArgument, match="save_mode"):
        Manifest().save(str(tmp_path / "m"), save_mode="x")  # type: ignore[arg-type]


XML = """<?xml version="1.0" encoding="UTF-8"?>
<annotation>
  <folder>Images</folder>
  <filename>1.jpg</filename>
  <source><database>The VOC2007 Database</database><annotation>PASCAL VOC2007</annotation></source>
  <size><width>640</width><height>480</height><depth>3</depth></size>
  <segmented>0</segmented>
  <object>
    <name>person</name><pose>Frontal</pose><truncated>0</truncated><difficult>0</difficult>
    <properties><property><key>hat</key><value>red</value></property></properties>
    <bndbox><xmin>100</xmin><ymin>150</ymin><xmax>300</xmax><ymax>400</ymax></bndbox>
    <part><name>head</name><circle><cx>10</cx><cy>20</cy><r>5</r></circle></part>
  </object>
  <object><name>road</name><polygon><x1>1</x1><y1>2</y1><x2>3</x2><y2>4</y2></polygon></object>
</annotation>
"""


def test_pascal_voc_is_read_and_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """Guards every field, shapes, properties and parts."""
    path = tmp_path / "1.xml"
    path.write_text(XML)
    read = PascalVoc.parse_xml(str(path))
    assert (read.folder, read.file_name, read.segmented) == ("Images", "1.jpg", "0")
    assert (read.width, read.height, read.depth) == (640, 480, 3)
    assert read.source == Source("The VOC2007 Database", "PASCAL VOC2007")
    person, road = read.voc_objects
    assert person.position == Position("bndbox", x_min=100, y_min=150, x_max=300, y_max=400)
    assert person.position is not None and person.position.x_min == person.position.xmin == "100"
    assert person.properties == {"hat": "red"} and person.parts[0].position == Position(
        "circle", cx=10, cy=20, r=5
    )
    assert road.position is not None and road.position.type == "polygon" and road.position.y2 == "4"
    again = tmp_path / "out" / "2.xml"
    read.save_xml(str(again))
    assert PascalVoc.parse_xml(str(again)) == read
    with pytest.raises(AttributeError):
        _ = road.position.x9


def test_pascal_voc_of_ones_own(tmp_path: Path) -> None:
    """Guards the least there is, and characters that XML needs written another way."""
    made = PascalVoc(
        file_name="a<&>.jpg", voc_objects=[VocObject(name="猫", position=Position("point", x=1, y=2))]
    )
    made.save(str(tmp_path / "a.xml"))
    assert PascalVoc.parse_xml(str(tmp_path / "a.xml")) == made


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('<!DOCTYPE a [<!ENTITY x "y">]><annotation>&x;</annotation>', "document type"),
        ('<!DOCTYPE annotation SYSTEM "file:///etc/passwd"><annotation/>', "document type"),
        ("<annotation>", "no readable XML"),
        ("<other/>", "root is other"),
        ("<annotation><size><width>wide</width></size></annotation>", "width"),
        ("<annotation><object>" + "<part>" * 60 + "</part>" * 60 + "</object></annotation>", "deep"),
    ],
)
def test_xml_that_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """Guards against files that grow, name other files, nest without end, or are something else."""
    path = tmp_path / "x.xml"
    path.write_text(text)
    with pytest.raises(InvalidArgument, match=said):
        PascalVoc.parse_xml(str(path))
