"""The publisher on a real Mosquitto: what PUBACK does not mean, and what nothing loses."""

from pathlib import Path

import pytest

from edge_agent.outbox import Lane, Outbox
from linli_contract.envelope import decode
from linli_contract.topics import Channel
from tests.edge_agent.outbox.outbox_kit import draft
from tests.edge_agent.publisher.publisher_kit import (
    NOW,
    edge,
    eventually,
    listening,
    open_edge,
)
from tests.support.mosquitto import Mosquitto


def _append(outbox: Outbox, count: int, lane: Lane = Lane.EVENTS) -> set[str]:
    return {outbox.append(draft(lane, at=NOW()), NOW()).id for _ in range(count)}


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_puback_keeps_the_row_and_the_hubs_word_deletes_it(
    tmp_path: Path, broker: Mosquitto, protocol: str
) -> None:
    with listening(broker.port) as hub, edge(tmp_path, broker.port, protocol=protocol) as parts:
        outbox, publisher = parts
        made = _append(outbox, 50)
        eventually(lambda: publisher.counters.sent == 50, "50 PUBACKs")
        assert outbox.count() == 50
        eventually(lambda: hub.ids() == made, "50 events at the hub")
        hub.ack()
        eventually(lambda: outbox.count() == 0, "the rows gone after the acknowledgement")
        assert publisher.counters.confirmed == 50
        assert publisher.faults() == ()


def test_the_bytes_on_the_wire_are_the_outboxs(tmp_path: Path, broker: Mosquitto) -> None:
    outbox, publisher, _ = open_edge(tmp_path, broker.port)
    kept = outbox.append(draft(at=NOW()), NOW())
    with listening(broker.port) as hub:
        publisher.start()
        eventually(lambda: hub.events, "an event")
        publisher.stop()
        assert hub.events[0] == kept


def test_a_hub_that_comes_late_gets_all_and_acknowledges_once_is_enough(
    tmp_path: Path, broker: Mosquitto
) -> None:
    with edge(tmp_path, broker.port) as (outbox, publisher):
        made = _append(outbox, 30)
        eventually(lambda: publisher.counters.sent >= 30, "PUBACKs with nobody subscribed")
        with listening(broker.port) as hub:
            hub.auto_ack = True
            eventually(lambda: hub.ids() == made, "all of them sent again")
            eventually(lambda: outbox.count() == 0, "all confirmed")


def test_a_broker_killed_and_started_again_loses_nothing(tmp_path: Path, broker: Mosquitto) -> None:
    with edge(tmp_path, broker.port) as (outbox, publisher):
        made = _append(outbox, 100)
        eventually(lambda: publisher.counters.sent >= 50, "some PUBACKs")
        broker.kill9()
        eventually(lambda: not publisher.connected, "the loss noticed")
        assert any("broker_" in text for text in publisher.faults())
        made |= _append(outbox, 100)
        broker.start()
        with listening(broker.port) as hub:
            hub.auto_ack = True
            eventually(lambda: hub.ids() >= made, "all 200 events")
            eventually(lambda: outbox.count() == 0, "all confirmed")
            assert len({(e.epoch, e.number) for e in hub.events}) == 200


def test_the_control_that_trusts_puback_loses(tmp_path: Path, broker: Mosquitto) -> None:
    with edge(tmp_path, broker.port, delete_on="puback") as (outbox, publisher):
        made = _append(outbox, 50)
        eventually(lambda: publisher.counters.sent == 50, "50 PUBACKs with nobody subscribed")
        eventually(lambda: outbox.count() == 0, "the rows gone")
        broker.kill9()
        broker.start()
        eventually(lambda: publisher.connected, "a second connection")
        with listening(broker.port) as hub:
            made |= _append(outbox, 1)
            eventually(lambda: hub.events, "the event after the kill")
            assert len(made - hub.ids()) == 50


def test_an_edge_started_again_sends_what_was_not_confirmed(
    tmp_path: Path, broker: Mosquitto
) -> None:
    with edge(tmp_path, broker.port) as (outbox, publisher):
        made = _append(outbox, 10)
        eventually(lambda: publisher.counters.sent == 10, "PUBACKs")
    with listening(broker.port) as hub, edge(tmp_path, broker.port):
        eventually(lambda: hub.ids() == made, "the same events, by the same ids")
        assert {e.epoch for e in hub.events} == {f"epoch-{tmp_path.name}"}


def test_life_safety_passes_a_backlog_of_telemetry(tmp_path: Path, broker: Mosquitto) -> None:
    outbox, publisher, _ = open_edge(tmp_path, broker.port)
    _append(outbox, 300, Lane.TELEMETRY)
    [urgent] = _append(outbox, 1, Lane.LIFE_SAFETY)
    with listening(broker.port) as hub:
        publisher.start()
        eventually(lambda: len(hub.events) >= 301, "all of them")
        publisher.stop()
        assert hub.events[0].id == urgent


def test_a_message_that_is_no_acknowledgement_deletes_nothing_and_is_counted(
    tmp_path: Path, broker: Mosquitto
) -> None:
    with listening(broker.port) as hub, edge(tmp_path, broker.port) as (outbox, publisher):
        _append(outbox, 3)
        eventually(lambda: len(hub.events) == 3, "events")
        epoch = hub.events[0].epoch
        for body in (
            b"\xff",
            b"{}",
            b'{"ranges":[{"epoch":"%s","first":9,"last":1}]}' % epoch.encode(),
        ):
            hub.down(Channel.ACK, body)
        eventually(lambda: publisher.counters.undecodable == 3, "three refused")
        assert outbox.count() == 3
        hub.ack()
        eventually(lambda: outbox.count() == 0, "a right one still works")


def test_other_control_goes_to_its_handler(tmp_path: Path, broker: Mosquitto) -> None:
    outbox, publisher, controls = open_edge(tmp_path, broker.port)
    with listening(broker.port) as hub:
        hub.down(Channel.TWIN_DESIRED, b"wish", retain=True)
        publisher.start()
        publisher.tell(Channel.REPLY, b"answer", name="c-1")
        eventually(lambda: controls, "the retained wish")
        eventually(lambda: hub.others, "the reply")
        publisher.stop()
    assert [(topic.channel, body) for topic, body in controls] == [(Channel.TWIN_DESIRED, b"wish")]
    assert [(t.channel, t.name, b) for t, b in hub.others] == [(Channel.REPLY, "c-1", b"answer")]
    assert decode(outbox.take(0.0, 1)[0].body) if outbox.count() else True
