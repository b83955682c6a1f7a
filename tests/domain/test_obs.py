"""Object paths: one meaning, three spellings, nothing that leads outside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwright.domain.obs import ObsPath


@pytest.mark.parametrize("text", ["obs://bucket/a/b", "s3://bucket/a/b", "/bucket/a/b"])
def test_three_spellings_mean_the_same(text: str) -> None:
    """Guards the accepted spellings."""
    assert ObsPath.parse(text) == ObsPath("bucket", "a/b")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bucket/a",
        "http://bucket/a",
        "obs://",
        "obs:///a",
        "obs://Bucket/a",
        "obs://b/a",
        "obs://bucket/../x",
        "obs://bucket/a/../b",
        "obs://bucket/./b",
        "obs://bucket/a//b",
        "obs://bucket//a",
        "obs://bucket/a\\b",
        "obs://bucket/a\x00b",
        "obs://bucket/a\nb",
        "obs://bu..cket/a",
        "obs://bucket/" + "x" * 1025,
        "obs://bucket/\ud800",
    ],
)
def test_unsafe_and_malformed_paths_are_refused(text: str) -> None:
    """Guards against traversal and against keys no store can hold."""
    with pytest.raises(ValueError, match=r"."):
        ObsPath.parse(text)


_segments = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/\\\x7f"), min_size=1)
_keys = st.lists(_segments.filter(lambda s: s not in (".", "..")), min_size=1, max_size=4).map("/".join)


@given(_keys, st.booleans())
def test_paths_survive_their_text_form(key: str, folder: bool) -> None:
    """Guards parse(str(path)) == path for any legal key."""
    if len(key.encode()) > 1000:
        return
    path = ObsPath("bucket", key + "/" * folder)
    assert ObsPath.parse(str(path)) == path
    assert path.as_folder().is_folder
    child = path.as_folder().join("child.txt")
    assert child.relative_to(path.as_folder()) == "child.txt"


def test_names_and_folders() -> None:
    """Guards the small helpers the run-time layout is built on."""
    assert ObsPath.parse("obs://bucket/code/app/").name == "app"
    assert ObsPath.parse("obs://bucket").name == "bucket"
    assert ObsPath.parse("obs://bucket").is_folder
    with pytest.raises(ValueError, match="does not lie under"):
        ObsPath("bucket", "ab/c").relative_to(ObsPath("bucket", "a"))
