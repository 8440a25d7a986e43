import doctest
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.stores import influxql, line_protocol
from hub_server.stores.line_protocol import Point, UnwritableError, decode, encode

anything = st.text(min_size=1, max_size=20)
nasty = st.text(st.sampled_from('ab,= "\\#\n\r\t中é😀_.\x00\u2028'), min_size=1, max_size=8)
texts = st.text(st.characters(blacklist_categories=["Cs"])) | nasty
numbers = st.floats(allow_nan=False, allow_infinity=False)
points = st.builds(
    Point,
    measurement=anything | nasty,
    tags=st.dictionaries(anything | nasty, anything | nasty, max_size=4),
    fields=st.dictionaries(anything | nasty, numbers | texts, min_size=1, max_size=4),
    time_ns=st.integers(0, 2**62),
)


@given(points)
def test_what_is_written_is_read_back_or_refused(point: Point) -> None:
    try:
        line = encode(point)
    except UnwritableError:
        return
    assert decode(line) == point


@given(anything | nasty, anything | nasty)
def test_no_tag_breaks_the_line(key: str, value: str) -> None:
    try:
        line = encode(Point("m", {"a": value, "b" + key: "x"}, {"v": 1.0}, 1))
    except UnwritableError:
        return
    assert "\n" not in line
    assert decode(line).fields == {"v": 1.0}


def test_integers_are_written_as_floats() -> None:
    assert encode(Point("m", {}, {"v": 3}, 1)) == "m v=3.0 1"


def test_a_backslash_that_the_format_can_carry_stays() -> None:
    assert decode(encode(Point("m", {"t": "a\\b\\\\c"}, {"v": 1.0}, 1))).tags == {"t": "a\\b\\\\c"}


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        (Point("m", {}, {"v": math.nan}, 1), "finite"),
        (Point("m", {}, {}, 1), "finite"),
        (Point("m", {"t": "a\\"}, {"v": 1.0}, 1), "t 'a.*backslash"),
        (Point("m", {"t": "a\\,b"}, {"v": 1.0}, 1), "backslash"),
        (Point("m", {"t": "a\\ b"}, {"v": 1.0}, 1), "backslash"),
        (Point("m", {"a\\": "t"}, {"v": 1.0}, 1), "backslash"),
        (Point("m\\", {}, {"v": 1.0}, 1), "measurement.*backslash"),
        (Point("m", {}, {"v\\=": 1.0}, 1), "backslash"),
        (Point("m", {"t": "a\nb"}, {"v": 1.0}, 1), "line feed"),
        (Point("m\n", {}, {"v": 1.0}, 1), "line feed"),
        (Point("", {}, {"v": 1.0}, 1), "expected a name"),
        (Point("m", {"": "x"}, {"v": 1.0}, 1), "expected a name"),
        (Point("\tm", {}, {"v": 1.0}, 1), "skips"),
        (Point("m", {}, {"\x00v": 1.0}, 1), "skips"),
        (Point("#m", {}, {"v": 1.0}, 1), "skips"),
        (Point("m", {"time": "x"}, {"v": 1.0}, 1), "time: the server keeps"),
        (Point("m", {}, {"time": 1.0}, 1), "time: the server keeps"),
        (Point("m", {"_field": "x"}, {"v": 1.0}, 1), "_field"),
        (Point("m", {"t": "\ud800"}, {"v": 1.0}, 1), "surrogate"),
        (Point("m", {}, {"v": "\ud800"}, 1), "surrogate"),
    ],
)
def test_what_cannot_be_carried_is_refused_with_the_reason(point: Point, reason: str) -> None:
    with pytest.raises(UnwritableError, match=reason):
        encode(point)


@pytest.mark.parametrize("line", ["", "m", "m v=1.0", "m v 1", "m v=x 1", "m v=1.0 1 2"])
def test_what_is_no_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="line protocol"):
        decode(line)


@pytest.mark.parametrize("module", [line_protocol, influxql])
def test_examples_in_the_docs(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
