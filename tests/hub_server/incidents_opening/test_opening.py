"""An alert opens, joins or reopens: on a real ledger, in virtual time."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from hub_server.alerting.types import Alert, Reason, alert_id, worse
from hub_server.incidents.incident_types import load_incident_types
from hub_server.incidents.life import FINAL
from hub_server.incidents.opening import (
    Joined,
    Opened,
    end_observations,
    open_or_join,
)
from hub_server.incidents.policy import OpeningPolicy
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import (
    incident_pictures,
    incidents,
    outbound,
    series,
    steps,
)
from linli_contract.event_types import EVENT_TYPES, Colour
from linli_settings import ConfigError
from linli_settings.holidays import UnknownYearError
from tests.support.hub import GRID, NOW, RULES, make_ledger, rows

TYPES = load_incident_types(RULES / "incident_types.yaml")
POLICY = OpeningPolicy("330899", TYPES, ("county",))
COOL = timedelta(seconds=TYPES["intrusion"].cool_down)


@pytest.fixture(scope="module")
def shared_ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    ledger = make_ledger(tmp_path_factory.mktemp("opening"))
    yield ledger
    ledger.close()


@pytest.fixture
def ledger(shared_ledger: Ledger) -> Ledger:
    empty(shared_ledger)
    return shared_ledger


def empty(ledger: Ledger) -> None:
    with ledger.write() as conn:
        for table in (outbound, series, incident_pictures, steps, incidents):
            conn.execute(delete(table))


def alert(cause: str = "e1", **fields: object) -> Alert:
    plain = Alert(
        id=alert_id("intrusion", "k", cause),
        rule="intrusion",
        rules_version="safety@1",
        type="intrusion",
        colour=Colour.ORANGE,
        county="330899",
        device="pi-0001",
        source="gate",
        zone="courtyard",
        grid=GRID,
        lat=29.1,
        lon=119.1,
        time=NOW,
        fired_at=NOW,
        reason=Reason("有人", "someone", {"n": 1}),
        event_id=cause,
        group_key="intrusion|pi-0001/courtyard",
    )
    return replace(plain, **fields)


def take(ledger: Ledger, one: Alert, now: datetime = NOW) -> Opened | Joined:
    with ledger.write() as conn:
        return open_or_join(conn, one, POLICY, now)


def set_state(ledger: Ledger, state: str, at: datetime) -> None:
    closed = at if state == "closed" else None
    with ledger.write() as conn:
        conn.execute(update(incidents).values(state=state, updated_at=at, closed_at=closed))


def test_numbers_count_up_within_the_chinese_day(ledger: Ledger) -> None:
    evening = datetime.fromisoformat("2026-03-05T15:59:00+00:00")
    for n, now in enumerate([evening, evening, evening + timedelta(minutes=2)]):
        take(ledger, alert(f"e{n}", group_key=f"g{n}"), now)
    numbers = sorted(row["number"] for row in rows(ledger, incidents))
    assert numbers == ["330899-20260305-0001", "330899-20260305-0002", "330899-20260306-0001"]


def test_a_join_counts_and_says_nothing_outward(ledger: Ledger) -> None:
    first = take(ledger, alert("e1"))
    second = take(ledger, alert("e2", colour=Colour.BLUE, pictures=(("b" * 64, "near"),)))
    assert second == Joined(first.incident)
    [row] = rows(ledger, incidents)
    assert (row["alert_count"], row["colour"], row["change"]) == (2, "orange", row["change"])
    assert len(rows(ledger, outbound)) == len(rows(ledger, steps)) == 1
    assert [row["sha256"] for row in rows(ledger, incident_pictures)] == ["b" * 64]


def test_joined_alerts_bring_four_pictures_at_most(ledger: Ledger) -> None:
    for n in range(6):
        take(ledger, alert(f"e{n}", pictures=((f"{n}" * 64, "near"),)))
    kept = [row["sha256"][0] for row in rows(ledger, incident_pictures)]
    assert sorted(kept) == ["0", "1", "2", "3"]


def test_a_graver_alert_raises_the_colour_and_says_so(ledger: Ledger) -> None:
    take(ledger, alert("e1"))
    joined = take(ledger, alert("e2", colour=Colour.RED))
    assert isinstance(joined, Joined)
    assert joined.step is not None
    assert rows(ledger, incidents)[0]["colour"] == "red"
    assert len(rows(ledger, outbound)) == 2


@pytest.mark.parametrize("state", sorted(FINAL))
def test_within_the_cool_down_the_case_is_reopened(ledger: Ledger, state: str) -> None:
    first = take(ledger, alert("e1"))
    set_state(ledger, state, NOW)
    again = take(ledger, alert("e2"), NOW + COOL - timedelta(seconds=1))
    assert isinstance(again, Opened)
    assert (again.incident, again.reopened) == (first.incident, True)
    [row] = rows(ledger, incidents)
    assert (row["state"], row["closed_at"], row["alert_count"]) == ("pending_verify", None, 2)


@pytest.mark.parametrize("state", sorted(FINAL))
def test_after_the_cool_down_a_new_case_is_opened(ledger: Ledger, state: str) -> None:
    first = take(ledger, alert("e1"))
    set_state(ledger, state, NOW)
    again = take(ledger, alert("e2"), NOW + COOL)
    assert isinstance(again, Opened)
    assert not again.reopened
    assert again.incident != first.incident


def test_a_late_case_that_a_timely_alert_joins_is_late_no_more(ledger: Ledger) -> None:
    take(ledger, alert("e1", late=True))
    assert rows(ledger, incidents)[0]["late"]
    take(ledger, alert("e2"))
    assert not rows(ledger, incidents)[0]["late"]


def test_the_end_of_an_observation_is_noted_once(ledger: Ledger) -> None:
    incident = take(ledger, alert("e1")).incident
    end = NOW + timedelta(minutes=1)
    for _ in range(2):
        with ledger.write() as conn:
            end_observations(conn, {incident: end}, end)
    [row] = rows(ledger, incidents)
    assert (row["ended_at"], row["state"]) == (end, "pending_verify")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["g1", "g2"]),
            st.sampled_from(list(Colour)),
            st.sampled_from(["", "closed", "not_accepted", "handling"]),
            st.integers(0, 900),
        ),
        max_size=8,
    )
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_comes_there_is_one_open_case_a_group_and_every_alert_counts(
    ledger: Ledger, story: list[tuple[str, Colour, str, int]]
) -> None:
    empty(ledger)
    now = NOW
    for number, (group, colour, state, seconds) in enumerate(story):
        now += timedelta(seconds=seconds)
        if state:
            with ledger.write() as conn:
                here = incidents.c.group_key == group
                conn.execute(
                    update(incidents)
                    .where(here, incidents.c.state.not_in(sorted(FINAL)))
                    .values(state=state, updated_at=now)
                )
        take(ledger, alert(f"e{number}", group_key=group, colour=colour), now)
    found = rows(ledger, incidents)
    opened = [row["group_key"] for row in found if row["state"] not in FINAL]
    assert len(opened) == len(set(opened)) == len({group for group, *_ in story})
    assert sum(row["alert_count"] for row in found) == len(story)
    changes = [row["change"] for row in found]
    assert len(changes) == len(set(changes))


def test_the_graver_colour_wins() -> None:
    assert worse(Colour.BLUE, Colour.YELLOW) is Colour.YELLOW
    assert worse(Colour.RED, Colour.ORANGE) is Colour.RED


class NoTable:
    """A calendar that holds no year."""

    def is_worked(self, day: date) -> bool:
        raise UnknownYearError(day.year)


def test_a_limit_in_working_time_counts_by_the_calendar(ledger: Ledger) -> None:
    friday = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # 17:00 in China
    take(ledger, alert("e1", type="stray_dog"), friday)
    assert rows(ledger, incidents)[0]["due_at"] == datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def test_without_the_years_holidays_no_limit_is_guessed_and_that_is_said(ledger: Ledger) -> None:
    policy = replace(POLICY, calendar=NoTable())
    with ledger.write() as conn:
        open_or_join(conn, alert("e1", type="stray_dog"), policy, NOW)
        open_or_join(conn, alert("e2", group_key="g2"), policy, NOW)
    dog, intrusion = rows(ledger, incidents)
    assert (dog["due_at"], dog["due_fault"]) == (None, "no holidays are known for 2026")
    assert (intrusion["due_at"], intrusion["due_fault"]) == (NOW + timedelta(hours=1), "")


def test_a_case_that_is_reopened_has_a_new_limit(ledger: Ledger) -> None:
    take(ledger, alert("e1"))
    set_state(ledger, "closed", NOW + timedelta(hours=3))
    again = NOW + timedelta(hours=3, minutes=1)
    take(ledger, alert("e2"), again)
    assert rows(ledger, incidents)[0]["due_at"] == again + timedelta(hours=1)
    with ledger.read() as conn:
        last = conn.execute(select(steps).order_by(steps.c.seq.desc())).mappings().first()
    assert last is not None
    assert (last["action"], last["from_state"], last["actor"]) == ("reopen", "closed", "linli")


def test_the_types_file_has_every_event_type() -> None:
    assert TYPES.keys() == EVENT_TYPES.keys()


def test_a_missing_or_invented_type_is_named(tmp_path: Path) -> None:
    text = (RULES / "incident_types.yaml").read_text()
    file = tmp_path / "incident_types.yaml"
    file.write_text(text.replace("  gas_leak:", "  gas_leek:"))
    with pytest.raises(ConfigError) as caught:
        load_incident_types(file)
    assert "types.gas_leek" in str(caught.value)
    assert "add gas_leak:" in str(caught.value)
