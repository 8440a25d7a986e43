"""Messages made before the clock was set get their time, or go as an estimate."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge_agent.clock import Moment
from edge_agent.outbox import Outbox
from edge_agent.outbox.timing import PATIENCE_S, move
from linli_contract.envelope import Envelope, decode, decode_data, encode_data
from linli_contract.payloads import Observation, Phase
from tests.edge_agent.outbox.outbox_kit import after, draft, open_outbox

UNSET = Moment(datetime(2024, 1, 1, tzinfo=UTC), mono=20.0, clock_set=False, boot="boot-1")
SHIFT = timedelta(days=800, hours=3)


def _sent(outbox: Outbox) -> list[Envelope]:
    return [decode(row.body) for row in outbox.take(1e9, 10)]


def test_nothing_goes_while_the_time_may_still_come(tmp_path: Path) -> None:
    _, outbox = open_outbox(tmp_path)
    outbox.append(draft(at=UNSET), UNSET)
    outbox.tend(after(30, UNSET))
    assert _sent(outbox) == []


def test_the_set_clock_moves_the_time_by_how_wrong_it_was(tmp_path: Path) -> None:
    _, outbox = open_outbox(tmp_path)
    outbox.append(draft(at=UNSET), UNSET)
    later = after(30, UNSET)
    outbox.tend(replace(later, wall=later.wall + SHIFT, clock_set=True))
    [envelope] = _sent(outbox)
    assert envelope.time == UNSET.wall + SHIFT
    assert not envelope.timeestimated


def test_of_an_earlier_boot_or_after_long_waiting_it_is_an_estimate(tmp_path: Path) -> None:
    for moment in (replace(after(5, UNSET), boot="boot-2"), after(PATIENCE_S + 1, UNSET)):
        _, outbox = open_outbox(tmp_path / moment.boot)
        outbox.append(draft(at=UNSET), UNSET)
        outbox.tend(moment)
        [envelope] = _sent(outbox)
        assert envelope.time == UNSET.wall
        assert envelope.timeestimated


def test_times_inside_the_observation_move_with_it(tmp_path: Path) -> None:
    seen = Observation(
        observation_id="o",
        phase=Phase.START,
        zone="yard",
        started_at=UNSET.wall - timedelta(seconds=5),
        triggered_at=UNSET.wall,
        dwell_s=5.0,
    )
    _, outbox = open_outbox(tmp_path)
    plain = outbox.append(replace(draft(at=UNSET), data=encode_data(seen)), UNSET)
    moved = decode_data(move(plain, 10.0), Observation)
    assert moved.started_at == UNSET.wall + timedelta(seconds=5)
    assert moved.triggered_at == UNSET.wall + timedelta(seconds=10)
    assert moved.ended_at is None
