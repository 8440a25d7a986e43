"""A wish laid over the device's configuration, as data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.twin.merge import MergeError, merge

ZONE = {"name": "yard", "behaviours": [{"type": "intrusion", "dwell": "5s"}, {"type": "crowd"}]}
CAMERA = {"name": "gate", "title": "Gate", "zones": [ZONE]}
BASE = {"cameras": [CAMERA, {"name": "road", "zones": []}], "health": {"interval": "30s"}}


def test_keys_change_one_by_one_and_null_takes_one_away() -> None:
    assert merge(BASE, {"health": {"interval": "5s"}}) == BASE | {"health": {"interval": "5s"}}
    assert merge(BASE, {"health": None}) == {"cameras": BASE["cameras"]}


def test_a_list_replaces_a_list() -> None:
    assert merge(BASE, {"cameras": []}) == BASE | {"cameras": []}


def test_by_name_only_what_is_named_changes() -> None:
    wish = {"cameras": {"gate": {"zones": {"yard": {"behaviours": {"crowd": {"armed": False}}}}}}}
    merged = merge(BASE, wish)
    zone = ZONE | {
        "behaviours": [{"type": "intrusion", "dwell": "5s"}, {"type": "crowd", "armed": False}]
    }
    assert merged == BASE | {"cameras": [CAMERA | {"zones": [zone]}, BASE["cameras"][1]]}


def test_by_name_one_is_added_and_one_taken_away() -> None:
    wish = {"cameras": {"gate": None, "lane": {"title": "Lane"}, "none": None}}
    names = [row["name"] for row in merge(BASE, wish)["cameras"]]  # type: ignore[index]
    assert names == ["road", "lane"]


def test_a_name_that_stands_twice_cannot_be_meant() -> None:
    base = {"behaviours": [{"type": "crowd"}, {"type": "crowd"}]}
    with pytest.raises(MergeError, match=r"behaviours.crowd: expected a type that stands once"):
        merge(base, {"behaviours": {"crowd": {}}})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(
    base=st.dictionaries(st.text(max_size=2), _JSON),
    wish=st.dictionaries(st.text(max_size=2), _JSON),
)
def test_laying_a_wish_over_twice_is_as_once(base: object, wish: object) -> None:
    try:
        once = merge(base, wish)
    except MergeError:
        return
    assert merge(once, {}) == once
    try:
        assert merge(once, wish) == once
    except MergeError:
        raise AssertionError("a wish that was taken is refused the second time") from None
