"""Label selectors and pages in the manner of Kubernetes."""

import pytest

from trainwright.domain.errors import InvalidQuery
from trainwright.services.selectors import PAGE_MAX, page, parse_selector

LABELS = {"os.modelarts/name": "night", "tier": "gold", "empty": ""}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("  ", True),
        ("os.modelarts/name=night", True),
        ("os.modelarts/name==night", True),
        ("os.modelarts/name = night , tier=gold", True),
        ("os.modelarts/name=night,tier=iron", False),
        ("tier!=iron", True),
        ("tier!=gold", False),
        ("other!=gold", True),
        ("tier", True),
        ("other", False),
        ("!other", True),
        ("!tier", False),
        ("empty=", True),
        ("tier in (gold, iron)", True),
        ("tier in (iron),other", False),
        ("tier notin (iron,lead)", True),
        ("tier notin (gold)", False),
        ("other notin (gold)", True),
    ],
)
def test_a_selector_means_what_kubernetes_means(text: str, matches: bool) -> None:
    """Guards every form of a term, alone and together."""
    assert parse_selector(text)(LABELS) is matches


@pytest.mark.parametrize("text", [",", "a,", "=b", "a in b", "a in (b", "a b", "-a=b", "!", "!!a", "a" * 129])
def test_what_is_no_selector_is_refused(text: str) -> None:
    """Guards against a filter that silently selects something else."""
    with pytest.raises(InvalidQuery):
        parse_selector(text)


def test_pages_join_up_whatever_comes_or_goes() -> None:
    """Guards paging: every item once, also when the one that a page ended with is gone."""
    items = [(f"{number:03}", number) for number in range(5)]
    first, meta = page(items, "", 2)
    assert (first, meta.continue_, meta.remaining_item_count) == ([0, 1], "001", 3)
    second, meta = page([item for item in items if item[1] != 1], meta.continue_, 2)
    assert (second, meta.remaining_item_count) == ([2, 3], 1)
    last, meta = page(items, meta.continue_, 2)
    assert (last, meta.continue_, meta.remaining_item_count) == ([4], "", 0)
    assert page(items, "zzz", 2)[0] == []


def test_no_page_is_without_an_end() -> None:
    """Guards the bound where none is asked for."""
    items = [(f"{number:06}", number) for number in range(PAGE_MAX + 1)]
    for limit in (0, PAGE_MAX + 1):
        shown, meta = page(items, "", limit)
        assert (len(shown), meta.remaining_item_count) == (PAGE_MAX, 1)
