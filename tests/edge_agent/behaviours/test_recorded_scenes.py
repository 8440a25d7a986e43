"""Recorded tracks that trigger a behaviour, and such that must not."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest

from edge_agent.behaviours import BEHAVIOURS, set_armed
from linli_contract.event_types import EVENT_TYPES
from linli_contract.payloads import Observation, Phase
from tests.edge_agent.behaviours.scene_kit import (
    T0,
    guards,
    play,
    scenes,
    seconds,
    tracks_at,
)

ALL = scenes()
TRIGGERS = {name: scene for name, scene in ALL.items() if scene["expect"]}
STAYS = {name: scene for name, scene in TRIGGERS.items() if "line" not in scene["watch"]}
FIRST = {name.partition(":")[0]: name for name in reversed(STAYS)}
"""One scene of each behaviour that lasts."""


def brief(said: Sequence[Observation]) -> list[dict[str, object]]:
    """What a scene expects, of what was said."""
    ends = {o.observation_id: o for o in said if o.phase is Phase.END}
    rows: list[dict[str, object]] = []
    for start in (o for o in said if o.phase is Phase.START):
        row: dict[str, object] = {"triggered": seconds(start.triggered_at), "ended": None}
        if end := ends.get(start.observation_id):
            row |= {"ended": seconds(end.ended_at), "cause": end.cause}
        rows.append(row | ({"direction": start.direction} if start.direction else {}))
    return rows


@pytest.mark.parametrize("name", ALL)
def test_scene(name: str) -> None:
    scene = ALL[name]
    said = brief(play(guards(scene["watch"])[0], scene))
    tolerance = scene.get("tolerance", 1 / scene["fps"] + 0.5)
    expected = [
        {
            k: pytest.approx(v, abs=tolerance) if isinstance(v, int | float) else v
            for k, v in e.items()
        }
        for e in scene["expect"]
    ]
    assert said == expected


def test_every_kind_has_a_scene_that_triggers_it_and_one_that_does_not() -> None:
    kinds = {name.partition(":")[0] for name in ALL}
    for kind in kinds:
        expected = [bool(scene["expect"]) for name, scene in ALL.items() if name.startswith(kind)]
        assert set(expected) == {True, False}, kind
        assert EVENT_TYPES[kind].origin.value == "edge"
    elsewhere = {"intrusion", "crowd", "abandoned_object", "fall", "smoke_fire"}
    assert {*BEHAVIOURS, "line_crossing"} - elsewhere == kinds


@pytest.mark.parametrize("kind", FIRST)
def test_an_open_observation_is_renewed_and_has_one_id(kind: str) -> None:
    scene = dict(ALL[FIRST[kind]])
    said = play(guards(scene["watch"])[0], scene)
    lives: dict[str, list[Observation]] = {}
    for one in said:
        lives.setdefault(one.observation_id, []).append(one)
    for life in lives.values():
        assert life[0].phase is Phase.START
        assert [o.phase for o in life[1:-1]] == [Phase.UPDATE] * (len(life) - 2)
        told = [o.started_at + timedelta(seconds=o.dwell_s) for o in life]
        gaps = [later - now for now, later in pairwise(told)]
        assert all(gap <= timedelta(seconds=61) for gap in gaps)


@pytest.mark.parametrize("kind", FIRST)
def test_disarming_ends_what_is_open_and_arming_begins_anew(kind: str) -> None:
    scene = ALL[FIRST[kind]]
    watch = guards(scene["watch"])
    triggered = scene["expect"][0]["triggered"]
    started = play(watch[0], scene, until=triggered + 2)
    assert started[-1].phase in (Phase.START, Phase.UPDATE)
    assert set_armed(watch, "yard", kind, armed=False)
    at = triggered + 2
    ended = watch[0].step(tracks_at(scene, at), T0 + timedelta(seconds=at))
    assert [(o.phase, o.cause) for o in ended] == [(Phase.END, "disarmed")]
    assert ended[0].observation_id == started[-1].observation_id
    assert watch[0].step(tracks_at(scene, at), T0 + timedelta(seconds=at)) == []
    assert set_armed(watch, "yard", kind, armed=True)
    assert watch[0].step(tracks_at(scene, at), T0 + timedelta(seconds=at)) == []
    assert not set_armed(watch, "yard", "no such behaviour", armed=True)
