"""Zones drawn on the page go into the file, and nothing else of it changes."""

import string
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.zones_page.drawing import Drawing, read, write
from edge_agent.zones_page.yaml_text import CannotEditError

BLOCK = """\
# the pole at the gate
county: "330899"
cameras:
  # looks at the yard
  - name: gate
    source: {type: file, path: gate.avi}  # a recording
    detector: main
    privacy:
      # the neighbour's window
      - [[0, 0], [0.2, 0], [0.2, 0.1]]
    zones:
      # beside the pond
      - name: pond  # deep
        polygon: [[0.1, 0.2], [0.9, 0.2], [0.9, 0.95]]  # measured in May
        behaviours:
          # nobody swims here
          - {type: intrusion, dwell: 5s}

      # the bench
      - name: bench
        polygon:
          - [0.1, 0.1]
          - [0.2, 0.1]
          - [0.2, 0.2]
    # until the line is drawn
    lines: []

  - {name: street, source: {type: rtsp, url: "rtsp://x/1"}, detector: main}
  - name: last
    source: {type: file, path: last.avi}
    detector: main
# the end
sensors: []
"""
SQUARE = [[0.3, 0.3], [0.6, 0.3], [0.6, 0.6]]


def drawn(text: str, camera: str, **changes: Any) -> str:
    return write(text, camera, msgspec.structs.replace(read(text, camera), **changes))


def comments(text: str) -> list[str]:
    return [line[line.index("#") :] for line in text.splitlines() if "#" in line]


@pytest.mark.parametrize("camera", ["gate", "street", "last"])
def test_what_was_not_changed_stays_to_the_letter(camera: str) -> None:
    assert write(BLOCK, camera, read(BLOCK, camera)) == BLOCK


def test_a_moved_polygon_changes_its_line_alone() -> None:
    zones = read(BLOCK, "gate").zones
    zones[0]["polygon"] = SQUARE
    text = drawn(BLOCK, "gate", zones=zones)
    old, new = BLOCK.splitlines(), text.splitlines()
    changed = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
    line = "        polygon: [[0.3, 0.3], [0.6, 0.3], [0.6, 0.6]]  # measured in May"
    assert changed == [(old[13], line)]


def test_a_polygon_written_over_lines_is_replaced_whole() -> None:
    zones = read(BLOCK, "gate").zones
    zones[1]["polygon"] = SQUARE
    text = drawn(BLOCK, "gate", zones=zones)
    assert "        polygon: [[0.3, 0.3], [0.6, 0.3], [0.6, 0.6]]\n    # until" in text
    assert comments(text) == comments(BLOCK)


def test_a_new_zone_comes_last_in_the_files_own_manner() -> None:
    new = {"name": "road", "polygon": SQUARE, "behaviours": [{"type": "crowd", "count": 5}]}
    text = drawn(BLOCK, "gate", zones=[*read(BLOCK, "gate").zones, new])
    assert (
        "          - [0.2, 0.2]\n"
        "      - name: road\n"
        "        polygon: [[0.3, 0.3], [0.6, 0.3], [0.6, 0.6]]\n"
        "        behaviours:\n"
        "          - {type: crowd, count: 5}\n"
        "    # until the line is drawn\n"
    ) in text
    assert comments(text) == comments(BLOCK)


@pytest.mark.parametrize("camera", ["gate", "street", "last"])
def test_a_line_where_there_was_none(camera: str) -> None:
    line = {"name": "door", "line": [[0.1, 0.5], [0.9, 0.5]], "direction": "a_to_b"}
    text = drawn(BLOCK, camera, lines=[line])
    assert comments(text) == comments(BLOCK)
    assert read(text, camera).lines == [line | {"was": "door"}]


def test_a_removed_zone_is_gone_with_its_lines() -> None:
    text = drawn(BLOCK, "gate", zones=read(BLOCK, "gate").zones[1:])
    assert "name: pond" not in text
    assert "measured in May" not in text
    assert "# the bench" in text
    assert "# until the line is drawn" in text


def test_without_any_zone_the_list_is_empty() -> None:
    text = drawn(BLOCK, "gate", zones=[])
    assert "    zones: []\n" in text
    assert read(text, "gate").zones == []


def test_a_renamed_zone_keeps_its_remarks() -> None:
    zones = read(BLOCK, "gate").zones
    zones[0]["name"] = "lake"
    text = drawn(BLOCK, "gate", zones=zones)
    assert "      - name: lake  # deep\n" in text


def test_a_title_is_added_and_taken_away() -> None:
    zones = read(BLOCK, "gate").zones
    zones[0]["title"] = "池塘"
    text = drawn(BLOCK, "gate", zones=zones)
    assert "title: 池塘\n" in text
    zones = read(text, "gate").zones
    del zones[0]["title"]
    assert drawn(text, "gate", zones=zones) == BLOCK


def test_privacy_polygons_are_written_whole() -> None:
    text = drawn(BLOCK, "gate", privacy=[SQUARE, SQUARE])
    assert read(text, "gate").privacy == [[(0.3, 0.3), (0.6, 0.3), (0.6, 0.6)]] * 2
    assert drawn(BLOCK, "last", privacy=[SQUARE]).count("privacy") == 2


def test_an_anchor_is_not_edited_around() -> None:
    text = BLOCK.replace("polygon: [[0.1", "polygon: &p [[0.1").replace(
        "        polygon:\n          - [0.1, 0.1]\n          - [0.2, 0.1]\n          - [0.2, 0.2]",
        "        polygon: *p",
    )
    with pytest.raises(CannotEditError, match=r"line \d+: \*p"):
        write(text, "gate", read(text, "gate"))


def test_a_camera_that_is_not_there() -> None:
    with pytest.raises(KeyError, match="pool"):
        read(BLOCK, "pool")


NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=4)
NUMBER = st.integers(0, 1000).map(lambda value: value / 1000)
POINTS = st.lists(st.tuples(NUMBER, NUMBER).map(list), min_size=3, max_size=5)
BEHAVIOUR = st.fixed_dictionaries(
    {"type": st.sampled_from(["intrusion", "crowd"])},
    optional={"dwell": st.just("5s"), "labels": st.builds(lambda: ["person", "dog"])},
)
ZONE = st.fixed_dictionaries(
    {"name": NAMES, "polygon": POINTS},
    optional={
        "title": st.sampled_from(["院内", "a: b", "# no remark", "- x", "", "'quoted'", "yes"]),
        "behaviours": st.lists(BEHAVIOUR, max_size=2),
    },
)
ZONES = st.lists(ZONE, max_size=4, unique_by=lambda zone: str(zone["name"]))
STYLES = st.sampled_from(["block", "flow", "mixed"])


def written(zones: list[dict[str, Any]], style: str, after: bool) -> str:
    camera: dict[str, Any] = {"name": "gate", "detector": "main", "zones": zones}
    if after:
        camera["lines"] = [{"name": "door", "line": [[0, 0], [1, 1]]}]
    styles = {"block": False, "flow": True, "mixed": None}
    dump = yaml.safe_dump(
        {"cameras": [{"name": "a"}, camera, {"name": "z"}], "sensors": []},
        default_flow_style=styles[style],
        sort_keys=False,
        allow_unicode=True,
    )
    return str(dump)


@settings(deadline=None)
@given(before=ZONES, after=ZONES, style=STYLES, more=st.booleans(), data=st.data())
def test_any_change_of_any_file_reads_back(
    before: list[dict[str, Any]],
    after: list[dict[str, Any]],
    style: str,
    more: bool,
    data: st.DataObject,
) -> None:
    text = written(before, style, more)
    old = [zone["name"] for zone in before]
    for zone in after:
        zone["was"] = data.draw(st.sampled_from([None, *old]))
    taken = [zone["was"] for zone in after if zone["was"]]
    if len(set(taken)) < len(taken):
        return
    drawing = Drawing(after, read(text, "gate").lines, [])
    left = {str(row["name"]): row for row in read(write(text, "gate", drawing), "gate").zones}
    assert left == {str(z["name"]): z | {"was": z["name"]} for z in after}
