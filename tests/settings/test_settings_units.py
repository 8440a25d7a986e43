"""Numbers with units: read exactly, refused without, written back the same."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from linli_settings.units import (
    Duration,
    Percent,
    Size,
    format_duration,
    parse_duration,
    parse_percent,
    parse_size,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250ms", 0.25), ("5s", 5), (" 1.5 min ", 90), ("2h", 7200), ("30d", 2_592_000), ("0s", 0)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "size"), [("1B", 1), ("2KB", 2000), ("200MB", 200_000_000), ("1.5GB", 1_500_000_000)]
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(("text", "fraction"), [("0%", 0), ("40%", 0.4), ("100%", 1)])
def test_percentages(text: str, fraction: float) -> None:
    assert parse_percent(text) == pytest.approx(fraction)


@pytest.mark.parametrize(
    ("parse", "value", "message"),
    [
        (parse_duration, 5, "did you mean 5s?"),
        (parse_duration, "5", "did you mean 5s?"),
        (parse_duration, 2.5, "did you mean 2.5s?"),
        (parse_duration, "5m", "one of the units ms, s, min, h, d"),
        (parse_duration, "5 sec", "one of the units"),
        (parse_duration, "-5s", "such as 5s"),
        (parse_duration, "s", "such as 5s"),
        (parse_duration, "1e3s", "such as 5s"),
        (parse_duration, True, "such as 5s"),
        (parse_duration, None, "such as 5s"),
        (parse_duration, ["5s"], "such as 5s"),
        (parse_size, 200, "did you mean 200MB?"),
        (parse_size, "200MiB", "one of the units B, KB, MB, GB, TB"),
        (parse_percent, 0.4, "did you mean 0.4%?"),
        (parse_percent, "101%", "at most 100%"),
    ],
)
def test_what_has_no_unit_is_refused_with_the_fix(
    parse: object, value: object, message: str
) -> None:
    with pytest.raises(ValueError, match="a ") as caught:
        parse(value)  # type: ignore[operator]
    assert message in str(caught.value)


@given(st.integers(0, 10**12) | st.floats(0, 1e9))
def test_a_duration_written_reads_back(seconds: float) -> None:
    assert parse_duration(format_duration(float(seconds))) == pytest.approx(seconds, rel=1e-12)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.25, "0.25s"), (45, "45s"), (120, "2min"), (7200, "2h"), (1e6, "1000000s")],
)
def test_a_duration_is_written_plainly(seconds: float, text: str) -> None:
    assert format_duration(float(seconds)) == text


@given(st.text(max_size=12))
def test_any_text_parses_or_is_refused(text: str) -> None:
    for parse in (parse_duration, parse_size, parse_percent):
        with suppress(ValueError):
            assert parse(text) >= 0


class _Model(BaseModel):
    wait: Duration = 1.0
    room: Size = 1
    share: Percent = 0.5


def test_a_model_reads_and_writes_units() -> None:
    model = _Model.model_validate({"wait": "90s", "room": "2KB", "share": "12.5%"})
    assert (model.wait, model.room, model.share) == (90.0, 2000, 0.125)
    assert model.model_dump() == {"wait": "90s", "room": "2000B", "share": "12.5%"}
    assert _Model.model_validate(model.model_dump()) == model
    assert _Model() == _Model(**{})
