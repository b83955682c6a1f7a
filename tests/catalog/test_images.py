"""The images file: what an admin may write, and how mistakes are told."""

from pathlib import Path

import pytest

from trainwright.catalog.catalogue import Catalogue
from trainwright.catalog.engines import CatalogueError
from trainwright.catalog.images import load_images

ENTRY = "{name: 'lab/a:1', path: /srv/a, environment: {A: b}, working_dir: /w, description: d}"


def test_an_admins_file(tmp_path: Path) -> None:
    """Guards all fields, names with ports in them, and that no file means no images."""
    file = tmp_path / "images.yaml"
    assert load_images(file) == ()
    file.write_text(f"images: [{ENTRY}, {{name: '1.2.3.4:5/a/b:1.0', path: /srv/b.tar}}]")
    images = load_images(file)
    assert (images[0].environment, images[0].working_dir) == ({"A": "b"}, "/w")
    catalogue = Catalogue(engines=(), flavors=(), images=images)
    found = catalogue.find_image("1.2.3.4:5/a/b:1.0")
    assert found is images[1] and found.path == "/srv/b.tar"
    assert catalogue.find_image("lab/a") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("images: {}", "list named images"),
        ("images: [", "not valid YAML"),
        ("images: [{name: a}]", r"images\[0\].path"),
        ("images: [{name: a, path: ''}]", r"images\[0\].path: it is required"),
        ("images: [{name: a, path: srv/a}]", r"images\[0\].path.*absolute"),
        ("images: [{name: a, path: /srv/../etc}]", r"images\[0\].path.*absolute"),
        ("images: [{name: a, path: /a, working_dir: b}]", r"images\[0\].working_dir.*absolute"),
        ("images: [{name: a, path: /a, other: 1}]", r"images\[0\].other"),
        (f"images: [{ENTRY}, {ENTRY}]", r"images\[1\].name: lab/a:1 is used twice"),
    ],
)
def test_mistakes_name_their_place(tmp_path: Path, text: str, words: str) -> None:
    """Guards that the server says which entry to correct."""
    file = tmp_path / "images.yaml"
    file.write_text(text)
    with pytest.raises(CatalogueError, match=words):
        load_images(file)
