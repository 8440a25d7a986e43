"""Topics: built and parsed alike; nobody can climb out of a device's own name."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli_contract.errors import TopicError
from linli_contract.topics import UPWARD, Channel, Topic, build, device_filters, parse

NAME = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", fullmatch=True)
NAMED = {Channel.EVENT, Channel.COMMAND, Channel.REPLY}


@given(NAME, NAME, st.sampled_from(Channel), NAME)
def test_what_is_built_parses_back(county: str, device: str, channel: Channel, name: str) -> None:
    topic = Topic(county, device, channel, name if channel in NAMED else "")
    assert parse(build(*topic)) == topic


@given(st.text(max_size=80))
def test_any_text_parses_or_raises_our_error(text: str) -> None:
    with suppress(TopicError):
        assert str(parse(text)) == text


@given(
    st.lists(
        st.sampled_from(["linli", "v1", "a", "+", "#", "", "event", "twin", "desired"]), max_size=8
    )
)
def test_near_misses_too(parts: list[str]) -> None:
    text = "/".join(parts)
    try:
        assert str(parse(text)) == text
    except TopicError:
        pass
    else:
        assert not {"+", "#", ""} & set(parts)


@pytest.mark.parametrize(
    ("topic", "message"),
    [
        ("linli/v2/c/d/health", "topic: expected linli/v1"),
        ("linli/v1/c/d", "topic: expected"),
        ("linli/v1/c/d/picture", "channel: expected one of"),
        ("linli/v1/c/d/event", "needs name"),
        ("linli/v1/c/d/event/a/b", "name: expected"),
        ("linli/v1/c/d/event/+", "name: expected"),
        ("linli/v1/+/d/health", "county: expected"),
        ("linli/v1/c/#/health", "device: expected"),
        ("linli/v1/c/d/health/x", "takes no name"),
    ],
)
def test_what_is_no_topic_of_ours_is_named(topic: str, message: str) -> None:
    with pytest.raises(TopicError) as caught:
        parse(topic)
    assert message in str(caught.value)


@pytest.mark.parametrize("name", ["", "a/b", "+", "#", "a b", "-a", ".", "x" * 65, "名", "a\n"])
def test_a_name_that_could_leave_its_level_is_refused(name: str) -> None:
    for values in (
        (name, "d", Channel.ACK),
        ("c", name, Channel.ACK),
        ("c", "d", Channel.EVENT, name),
    ):
        with pytest.raises(TopicError):
            build(*values)


def test_a_device_listens_under_its_own_name_and_to_nothing_it_sends() -> None:
    filters = device_filters("330899", "pi-0001")
    assert all(row.startswith("linli/v1/330899/pi-0001/") for row in filters)
    down = {row.removeprefix("linli/v1/330899/pi-0001/").removesuffix("/+") for row in filters}
    assert down == {channel.value for channel in Channel} - {channel.value for channel in UPWARD}
