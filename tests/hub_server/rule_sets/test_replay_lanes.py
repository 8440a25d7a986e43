"""A replay of what several pipelines did: each by its own clock, rules over alerts after all."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, insert

from hub_server.alerting.engine import Limits
from hub_server.alerting.state import SECOND_STAGE
from hub_server.ingest.kafka_share import communities, lane_of, lane_of_community
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import receiving
from hub_server.rule_sets.explain import story
from hub_server.rule_sets.playing import Player
from hub_server.rule_sets.reading import RuleSet, read_set
from hub_server.rule_sets.replay import replay
from tests.hub_server.rule_sets.site import GAS, OFFLINE, Site, at
from tests.support.hub import GRID, Device, decoded, make_ledger, make_parts

HOME = GRID[:12]
OVER = """\
  - name: over
    type: gas_leak
    colour: red
    when: {type: alerts, rules: [gas], distinct: device, at_least: 2, window: 5min}
    scope: county
    group: {by: [type, county]}
    at_once: true
    reason: {zh: "{count}", en: "{count} at {places}"}
    source: "a test"
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = make_ledger(tmp_path, "pi-0001", "pi-0002", synced=False)
    yield made
    made.close()


def leaks(ledger: Ledger, folder: Path) -> RuleSet:
    """Two devices with gas for half a minute, the second a minute after the first."""
    site = Site(ledger, folder, GAS, OFFLINE, OVER)
    for number, begin in enumerate((10, 70)):
        device = Device(f"pi-000{number + 1}")
        for second in range(begin, begin + 60):
            if second % 10 == 0:
                site.clock.now = at(second)
                site.pipeline.run(decoded(device.reading(at(second), {"gas_lel": 12})))
            site.tick(second + 0.5)
    return read_set(folder)


def test_rules_over_alerts_are_played_with_those_they_count(ledger: Ledger, tmp_path: Path) -> None:
    found = leaks(ledger, tmp_path / "rules")
    outcome = replay(ledger, found, Limits(), at(0), at(200))
    assert outcome.ledger["over"] == outcome.replayed["over"] == 1
    assert outcome.differences == []


def test_explain_plays_what_feeds_the_rule(ledger: Ledger, tmp_path: Path) -> None:
    found = leaks(ledger, tmp_path / "rules")
    over = found.rules.known["over"]
    told = story(ledger, found, over, Limits(), at(200))
    assert [alert.rule for alert in told.fired] == ["over"]
    assert [seen.item.site.device for seen in told.seen] == ["pi-0001", "pi-0002"]
    assert list(told.states) == ["330899"]


@pytest.mark.parametrize(("lane", "fired"), [("p1", 1), ("p2", 0)])
def test_absence_is_judged_by_the_clock_of_its_own_partition(
    ledger: Ledger, tmp_path: Path, lane: str, fired: int
) -> None:
    site = Site(ledger, tmp_path / "rules", OFFLINE)
    site.pipeline.run(decoded(Device().health(at(0))))
    rows = [{"lane": "p1", "since": at(0)}, {"lane": "p2", "since": None}]
    with ledger.write() as conn:
        conn.execute(delete(receiving))
        conn.execute(insert(receiving), [{**row, "first": at(0), "last": at(300)} for row in rows])
    found = read_set(site.folder)
    player = Player(ledger, found, found.rules, Limits(), lane_of=lambda _: lane)
    assert len(list(player.play(at(0), at(300)))) == fired


def test_the_lane_of_a_community_is_that_of_the_pipeline_that_runs_its_rules() -> None:
    areas, of = make_parts().areas, 4
    [holder] = [number for number in range(of) if HOME in communities(areas, number, of)]
    assert lane_of_community(HOME, of) == lane_of(holder)
    assert lane_of_community(SECOND_STAGE, of) == "alerts"


def test_what_the_clock_fires_is_counted_in_a_replay_too(ledger: Ledger, tmp_path: Path) -> None:
    over = OVER.replace("rules: [gas]", "rules: [offline]")
    site = Site(ledger, tmp_path / "rules", OFFLINE, over)
    site.pipeline.run(decoded(*(Device(name).health(at(0)) for name in ("pi-0001", "pi-0002"))))
    for second in range(100):
        site.tick(second + 0.5)
    outcome = replay(ledger, read_set(site.folder), Limits(), at(-10), at(99))
    assert outcome.ledger["over"] == outcome.replayed["over"] == 1
