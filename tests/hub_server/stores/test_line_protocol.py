import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.stores import line_protocol
from hub_server.stores.line_protocol import Point, decode, encode

names = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\\\u2028\u2029"),
    min_size=1,
    max_size=20,
)
keys = st.text(st.sampled_from("abc_ ,=é中"), min_size=1, max_size=8)
strings = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"))
numbers = st.floats(allow_nan=False, allow_infinity=False)
points = st.builds(
    Point,
    measurement=names,
    tags=st.dictionaries(names, names, max_size=4),
    fields=st.dictionaries(keys, numbers | strings, min_size=1, max_size=4),
    time_ns=st.integers(0, 2**62),
)


@given(points)
def test_what_is_written_is_read_back(point: Point) -> None:
    assert decode(encode(point)) == point


@given(st.text(), st.text(min_size=1))
def test_no_tag_breaks_the_line(key: str, value: str) -> None:
    line = encode(Point("m", {"a": value, "b" + key: "x"}, {"v": 1.0}, 1))
    assert len(line.splitlines()) == 1
    assert decode(line).fields == {"v": 1.0}


def test_integers_are_written_as_floats() -> None:
    assert encode(Point("m", {}, {"v": 3}, 1)) == "m v=3.0 1"


def test_a_point_without_a_finite_value_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        encode(Point("m", {}, {"v": float("nan")}, 1))


@pytest.mark.parametrize("line", ["", "m", "m v=1.0", "m v 1", "m v=x 1", "m v=1.0 1 2"])
def test_what_is_no_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="line protocol"):
        decode(line)


def test_examples_in_the_docs() -> None:
    assert doctest.testmod(line_protocol).failed == 0
