"""The inbox played again: the same rules give what the ledger has, changed ones what differs."""

import json
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub_server.alerting import silences
from hub_server.alerting.engine import Limits
from hub_server.alerting.matcher import Matcher
from hub_server.alerting.silences import Kind, Wish
from hub_server.cli import app
from hub_server.ledger.engine import Ledger
from hub_server.ledger.tables import alert_state, alerts, inbox, receiving
from hub_server.rule_sets.playing import Player
from hub_server.rule_sets.reading import read_set
from hub_server.rule_sets.replay import Outcome, Shown, compare_alerts, replay
from linli_contract.payloads import Phase
from tests.hub_server.rule_sets.site import GAS, HEAD, OFFLINE, SEEN, SLOW, Site, at
from tests.support.hub import NOW, Device, decoded, make_ledger

COUNT = """\
  - name: often
    type: loitering
    colour: orange
    when: {type: count, events: [intrusion], at_least: 3, window: 5min}
    scope: grid
    group: {by: [type, grid]}
    cool_down: 5min
    reason: {zh: "{count}", en: "{count}"}
    source: "a test"
"""
NIGHT = """\
  - name: night
    type: intrusion
    colour: red
    when: {type: observation, event: intrusion}
    scope: zone
    group: {by: [type, zone]}
    at_once: true
    schedule: {windows: [{from: "16:20", to: "16:40"}]}
    reason: {zh: "{zone}", en: "{zone}"}
    source: "a test"
"""
ALL = (GAS, SEEN, SLOW, OFFLINE, COUNT, NIGHT)
SPAN_S = 2400


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = make_ledger(tmp_path, "pi-0001", "pi-0002", synced=False)
    yield ledger
    ledger.close()


@pytest.fixture
def site(ledger: Ledger, tmp_path: Path) -> Site:
    return Site(ledger, tmp_path / "rules", *ALL)


def live(site: Site, seed: int, until: int = SPAN_S) -> None:
    """A while of a hub: gas up and down, people in the yard, backlogs, silence, restarts."""
    chance = random.Random(seed)
    devices = [Device("pi-0001"), Device("pi-0002")]
    gone, number = range(1200, 1600), 0
    for second in range(0, until, 2):
        site.clock.now = at(second + 0.3)
        batch = []
        for device in devices:
            if device.name == "pi-0002" and second in gone:
                continue
            if second % 10 == 0:
                value = chance.choice([1, 4, 6, 9, 12, 14, 30])
                behind = chance.choice([0, 0, 0, 5, 60, 700])
                batch.append(device.reading(at(second - behind), {"gas_lel": value}))
            if second % 30 == 0:
                batch.append(device.health(at(second)))
            if chance.random() < 0.02:
                number += 1
                early = chance.choice([0, 0, 3, 650])
                seen = at(second - early)
                batch.append(device.observation(seen, f"o{number}"))
                batch.append(device.observation(seen + timedelta(1), f"o{number}", Phase.UPDATE))
        batch = [type(one)(one.topic, one.payload, at(second)) for one in batch]
        if batch:
            site.pipeline.run(decoded(*batch, *batch[:1]))
        site.tick(second + 0.6)
        site.tick(second + 1.6)
        if second in (700, 1400, 2000):
            site.start()
            site.since = at(second + 40)
        if second == 2000:
            site.clock.forward(90)  # the hub is down; the loop's clock goes on from its own time


def play(site: Site, start: float = 0, end: float = SPAN_S) -> Outcome:
    found = read_set(site.folder)
    return replay(site.ledger, found, Limits(), at(start), at(end))


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.soak) for n in (2, 3))])
def test_the_same_rules_over_the_same_inbox_give_no_difference(site: Site, seed: int) -> None:
    with site.ledger.write() as conn:
        for kind, first in ((Kind.SILENCE, 300), (Kind.MAINTENANCE, 1300)):
            matcher = Matcher.model_validate({"device": "pi-0002"})
            wish = Wish(kind, matcher, at(first), at(first + 200), "work")
            silences.add_silence(conn, wish, "zhang", NOW, (kind.value * 9)[:10].encode())
    live(site, seed)
    before = [site.rows(table) for table in (inbox, alerts, alert_state, receiving)]
    told = site.rows(alerts)
    assert len(site.rows(inbox)) > 300
    fired = {row["rule"] for row in told}
    assert fired >= {"gas", "seen", "slow", "offline", "night"}
    assert any(row["late"] for row in told)
    assert any(row["held"] for row in told)
    outcome = play(site)
    assert [one.text() for one in outcome.differences] == []
    assert outcome.ledger == outcome.replayed
    assert sum(outcome.ledger.values()) == len(told)
    assert outcome.messages == len(site.rows(inbox))
    assert play(site, 1000, 2000).differences == []
    assert before == [site.rows(table) for table in (inbox, alerts, alert_state, receiving)]


def test_a_changed_limit_shows_what_would_differ(site: Site) -> None:
    live(site, 1, 900)
    site.write(GAS.replace("above: 10, clear: 8", "above: 20, clear: 18"), *ALL[1:])
    outcome = play(site, 0, 900)
    kinds = {one.kind for one in outcome.differences}
    assert {one.shown.rule for one in outcome.differences} == {"gas"}
    assert kinds & {"gone", "changed"}
    counts = outcome.counts("gas")
    assert counts["ledger"] - counts["gone"] + counts["new"] == counts["replayed"]
    assert counts["replayed"] < counts["ledger"]


def test_another_colour_and_a_new_rule_are_told(site: Site) -> None:
    live(site, 1, 300)
    site.write(SEEN.replace("orange", "red"), GAS, SEEN.replace("name: seen", "name: more"))
    outcome = play(site, 0, 300)
    of = {name: outcome.counts(name) for name in outcome.names()}
    assert of["seen"]["changed"] == of["seen"]["ledger"] > 0
    assert of["more"] == {"ledger": 0, "replayed": of["more"]["new"], "new": of["more"]["new"],
                          "gone": 0, "changed": 0}  # fmt: skip
    assert "orange → red" in next(
        one.text() for one in outcome.differences if one.kind == "changed"
    )


def test_memory_does_not_grow_with_the_inbox(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    live(site, 1, 300)
    monkeypatch.setattr("hub_server.rule_sets.playing.PAGE", 7)
    monkeypatch.setattr("hub_server.rule_sets.playing.MOST_OBSERVATIONS", 2)
    player = Player(site.ledger, read_set(site.folder), read_set(site.folder).rules, Limits())
    pages = [len(page) for page in player._pages(at(0), at(300))]
    assert sum(pages) == len(site.rows(inbox))
    assert max(pages) == 7
    list(player.play(at(0), at(300)))
    assert len(player._seen) <= 2


def shown(name: str, second: float, rule: str = "gas", colour: str = "red") -> Shown:
    return Shown(name, rule, "pi-0001/gas-1", colour, at(second), at(second), False)


@pytest.mark.parametrize(
    ("told", "fired", "kinds"),
    [
        ([shown("a", 0)], [shown("a", 0)], []),
        ([shown("a", 0)], [shown("b", 2)], []),  # a tick sooner or later
        ([shown("a", 0)], [shown("b", 60)], ["changed"]),
        ([shown("a", 0)], [shown("b", 7200)], ["gone", "new"]),
        ([shown("a", 0)], [shown("b", 0, rule="other")], ["gone", "new"]),
        ([shown("a", 0)], [shown("a", 0, colour="blue")], ["changed"]),
        ([shown("a", 0), shown("b", 10)], [shown("c", 14)], ["gone", "changed"]),
        ([], [shown("a", 0)], ["new"]),
    ],
)
def test_what_is_a_difference(told: list[Shown], fired: list[Shown], kinds: list[str]) -> None:
    found = compare_alerts(told, fired, lambda _: True)
    assert sorted(one.kind for one in found) == sorted(kinds)


@pytest.fixture
def config(site: Site, tmp_path: Path) -> str:
    """``hub.yaml`` over the site's ledger and folder."""
    (tmp_path / "auth.secret").write_text("s" * 40)
    file = tmp_path / "hub.yaml"
    file.write_text(
        'county: "330899"\ndata_dir: data\nledger: {url: "sqlite:///ledger.sqlite"}\n'
        "ingest: {type: mqtt, host: b, protocol: '5', session_expiry: 1d}\n"
        'http: {port: 0, public_url: "https://hub.county"}\n'
        "auth: {secret: file:auth.secret}\nrules: {folder: rules}\n"
    )
    return str(file)


def command(*words: str) -> str:
    done = CliRunner().invoke(app, ["rules", *words])
    assert done.exit_code == 0, done.output
    return done.output


def test_replay_says_it_in_both_languages_and_as_json(
    site: Site, config: str, tmp_path: Path
) -> None:
    live(site, 1, 300)
    span = ("-c", config, "--from", NOW.isoformat(), "--to", at(300).isoformat())
    site.tick(301)
    assert "没有差别 · no difference" in _at_the_time(span)
    other = tmp_path / "other"
    other.mkdir()
    for file in site.folder.iterdir():
        (other / file.name).write_text(file.read_text())
    (other / "first.yaml").write_text(HEAD + GAS)
    said = _at_the_time(span, "--rules", str(other))
    assert "消失 gone" in said
    assert "seen" in said
    told = json.loads(_at_the_time(span, "--rules", str(other), "--json"))
    assert told["rules"]["gas"]["gone"] == 0
    assert told["rules"]["seen"]["gone"] == told["rules"]["seen"]["ledger"]
    assert told["differences"][0]["before"]["rule"] in ("seen", "slow", "often", "night")


def _at_the_time(span: tuple[str, ...], *more: str) -> str:
    return command("replay", *span, *more)


def test_explain_tells_what_is_missing_now(site: Site, config: str) -> None:
    site.gas(0, 12)
    said = command("explain", "gas", "-c", config)
    assert "gas_lel above 10 %LEL (until back at 8), for 30s" in said
    assert "每个摄像头或传感器：gas_lel 高于 10 %LEL" in said
    assert "pi-0001/gas-1" in said
    assert "past the limit since 12 u" in said
    assert "timer:" in said
    assert "nothing is remembered" in command("explain", "gas", "-c", config, "--source", "pi-0009")


def test_explain_tells_why_it_fired_and_why_not(site: Site, config: str) -> None:
    site.gas(0, 12)
    site.gas(10, 12)
    site.tick(30)
    site.gas(40, 7)
    first = at(20).isoformat()
    said = command("explain", "gas", "-c", config, "--at", first)
    assert "gas_lel 12 u [pi-0001-e1-2]" in said
    assert "missing: 10s more" in said
    assert "未触发 · it did not fire in this span" in said
    said = command("explain", "gas", "-c", config, "--at", at(35).isoformat())
    assert "触发 · fired" in said
    assert "fired; past the limit since" in said
    said = command("explain", "gas", "-c", config, "--event", "pi-0001-e1-3")
    assert "gas_lel 7 u [pi-0001-e1-3]" in said
    assert "未触发 · it did not fire for event pi-0001-e1-3" in said.replace(
        "事件 pi-0001-e1-3", ""
    )


def test_explain_tells_of_schedule_and_silence(site: Site, config: str) -> None:
    with site.ledger.write() as conn:
        matcher = Matcher.model_validate({"rule": "seen"})
        wish = Wish(Kind.SILENCE, matcher, at(0), at(600), "a feast")
        silences.add_silence(conn, wish, "zhang", NOW, b"0123456789")
    site.clock.now = at(1)
    site.pipeline.run(decoded(site.device.observation(at(1))))
    said = command("explain", "seen", "-c", config, "--event", "pi-0001-e1-1")
    assert "held: silence" in said
    said = command("explain", "night", "-c", config, "--event", "pi-0001-e1-1")
    assert "时段外·outside the schedule" in said
    assert "only mon/tue/wed/thu/fri/sat/sun 16:20–16:40 (Asia/Shanghai)" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("explain", "gaz"), "did you mean 'gas'?"),
        (("explain", "gas", "--event", "none"), "an event that the inbox still has"),
        (("replay", "--from", "yesterday"), "a time such as 2026-11-22T08:00:00+08:00"),
        (("replay", "--from", "2026-11-22T09:00Z", "--to", "2026-11-22T08:00Z"), "before --to"),
    ],
)
def test_what_cannot_be_asked(config: str, words: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(app, ["rules", *words, "-c", config])
    assert said in str(done.exception)


def test_absence_is_judged_only_where_the_hub_received(site: Site) -> None:
    """The journal: without it the device would be missed while the hub was away."""
    site.write(OFFLINE)
    site.start()
    site.pipeline.run(decoded(site.device.health(at(0))))
    site.tick(1)
    site.start()  # killed at once, back after five minutes
    site.since = at(310)
    site.tick(310)
    site.clock.now = at(311)
    site.pipeline.run(decoded(site.device.health(at(311))))
    for second in range(312, 420, 4):
        site.tick(second)
    told = site.rows(alerts)
    assert [row["rule"] for row in told] == ["offline"]
    assert told[0]["fired_at"] > at(400)
    outcome = play(site, 0, 420)
    assert outcome.differences == []
    assert outcome.replayed == {"offline": 1}
