"""A wish's life: refused, taken, on trial, proved, rolled back, kept over a restart."""

import re
from pathlib import Path

import msgspec
import pytest

from edge_agent.settings import load_configuration, parse_settings
from edge_agent.twin import at_fault
from edge_agent.twin.store import FILE, Store
from linli_contract.payloads import CameraHealth
from tests.edge_agent.agent_kit import base_settings, write_configuration
from tests.edge_agent.twin.twin_kit import GRACE_S, ZONE, Device, settings

FAST = {"health": {"interval": "5s"}}
RED = {"camera gate": "gate: cannot_open"}


def test_a_wish_that_keeps_the_device_well_proves_good(tmp_path: Path) -> None:
    device = Device(tmp_path)
    taken = device.wish(1, FAST)
    assert (taken.version, taken.ok, taken.trial) == (1, True, True)
    assert device.interval() == 5.0
    assert device.after(GRACE_S - 0.1) is None
    proved = device.after(0.2)
    assert proved is not None
    assert (proved.version, proved.ok, proved.trial) == (1, True, False)
    device.red = RED
    assert device.after(1000) is None  # what turns red later is not its doing


def test_red_within_the_grace_time_rolls_back_and_says_why(tmp_path: Path) -> None:
    device = Device(tmp_path)
    device.wish(1, FAST)
    device.after(GRACE_S + 1)
    device.wish(2, {"health": {"interval": "9s"}})
    device.red = RED
    back = device.after(1)
    assert back is not None
    assert (back.version, back.ok, back.in_force) == (2, False, 1)
    assert back.errors == ("rolled back to version 1, the device turned red: gate: cannot_open",)
    assert back.config["health"] == {"interval": "5s"}
    assert [c.settings.health.interval for c in device.applied] == [5.0, 9.0, 5.0]


def test_a_wish_that_was_rolled_back_is_not_taken_again_with_every_connection(
    tmp_path: Path,
) -> None:
    device = Device(tmp_path)
    device.wish(1, FAST)
    device.red = RED
    device.after(1)
    count = len(device.applied)
    again = device.wish(1, FAST)
    assert not again.ok
    assert "rolled back" in again.errors[0]
    assert len(device.applied) == count
    device.red = {}
    assert device.wish(2, FAST).ok  # a new version is a new try


def test_what_was_red_before_is_not_its_doing(tmp_path: Path) -> None:
    device = Device(tmp_path)
    device.red = RED
    device.wish(1, FAST)
    assert device.after(1) is None
    device.red = RED | {"camera road": "road: no_frames"}
    assert device.after(1) is not None


def test_two_wishes_on_trial_go_back_to_the_one_that_proved_good(tmp_path: Path) -> None:
    device = Device(tmp_path)
    device.wish(1, FAST)
    device.wish(2, {"health": {"interval": "9s"}})
    device.red = RED
    back = device.after(1)
    assert back is not None
    assert back.in_force == 0
    assert device.interval() == 1.0


def test_it_holds_after_a_restart_and_the_trial_goes_on(tmp_path: Path) -> None:
    first = Device(tmp_path)
    first.wish(1, FAST)
    second = Device(tmp_path, first.of_file)
    assert second.interval() == 5.0
    second.red = RED
    back = second.after(1)
    assert back is not None
    assert back.in_force == 0
    assert Device(tmp_path, first.of_file).interval() == 1.0


def test_a_wish_that_ends_the_program_again_and_again_is_taken_back(tmp_path: Path) -> None:
    first = Device(tmp_path)
    first.wish(1, FAST)
    intervals = [Device(tmp_path, first.of_file).interval() for _ in range(3)]
    assert intervals == [5.0, 5.0, 1.0]
    answer = Device(tmp_path, first.of_file).wish(1, FAST)
    assert not answer.ok
    assert "started 3 times within the grace time" in answer.errors[0]


def test_a_wish_is_kept_before_it_is_put_in_force(tmp_path: Path) -> None:
    """So that one which ends the program at once counts as tried."""
    device = Device(tmp_path)
    kept: list[int] = []

    def apply(_: object) -> None:
        kept.append(Store(tmp_path / "data").load().wish.version)

    device.twin.desired(b'{"version":7,"config":{"health":{"interval":"5s"}}}', apply, {}, 0.0)
    assert kept == [7]


def test_what_cannot_be_put_in_force_leaves_what_was(tmp_path: Path) -> None:
    device = Device(tmp_path)
    device.cannot = "model: nothing there"
    answer = device.wish(1, FAST)
    assert (answer.ok, answer.errors) == (False, ("model: nothing there",))
    assert device.interval() == 1.0
    assert Store(tmp_path / "data").load().wish.version == 0


def test_a_wish_that_changes_nothing_needs_no_trial(tmp_path: Path) -> None:
    assert not Device(tmp_path).wish(1, {}).trial


def test_a_file_changed_so_that_the_wish_no_longer_fits_wins(tmp_path: Path) -> None:
    first = Device(tmp_path)
    assert first.wish(1, {"cameras": {"gate": {"title": "North"}}}).ok
    file = write_configuration(tmp_path, base_settings(1883))
    device = Device(tmp_path, load_configuration(file))
    assert device.twin.configuration.settings.cameras == ()
    [text] = device.twin.faults()
    assert text == "twin_refused: version 1"


def test_a_damaged_state_is_said_and_the_file_holds(tmp_path: Path) -> None:
    device = Device(tmp_path)
    device.wish(1, FAST)
    (tmp_path / "data" / FILE).write_text('{"wish": 3}')
    again = Device(tmp_path, device.of_file)
    assert again.interval() == 1.0
    assert "twin_refused" in again.twin.faults()[0]


REFUSED = [
    ({"broker": {"host": "evil"}}, "broker: expected one of cameras", "cut the device off"),
    ({"data_dir": "/"}, "data_dir: expected", "not yet delivered"),
    ({"nonsense": 1}, "nonsense: expected one of", "remove it"),
    ({"health": {"interval": 7}}, "health.interval: expected a duration with a unit", "7s"),
    ({"cameras": {"gate": {"colour": "red"}}}, "cameras[0].colour: expected a known key", ""),
    ({"cameras": {"gate": {"detector": "none"}}}, "cameras[0].detector: expected one of", "main"),
    (
        {"cameras": {"gate": {"source": {"url": "rtsp://10.9.9.9/x"}}}},
        "cameras[0].source.password: expected a secret that the device's file gives",
        "10.9.9.9",
    ),
    (
        {"cameras": {"gate": {"source": {"password": "file:device.token"}}}},
        "cameras[0].source.password: expected a secret that the device's file gives",
        "device.token",
    ),
    ({"sensors": {"gas-1": {"file": "/etc/shadow"}}}, "sensors[0].file: expected a", "shadow"),
    ({"detectors": {"main": {"model": "other.pt"}}}, "detectors[0].model: expected a", "other.pt"),
    (
        {"cameras": {"new": {"source": {"type": "csi", "command": ["sh"]}, "detector": "main"}}},
        "cameras[1].source.command: expected a program or file that the device's file names",
        "sh",
    ),
    (
        {"cameras": {"gate": {"source": {"type": "file", "path": "/etc/passwd"}}}},
        "cameras[0].source",
        "",
    ),
]


@pytest.mark.parametrize(("config", "begin", "part"), REFUSED)
def test_a_wrong_wish_is_refused_with_the_words_of_a_file(
    tmp_path: Path, config: dict[str, object], begin: str, part: str
) -> None:
    device = Device(tmp_path)
    answer = device.wish(3, config)
    assert (answer.version, answer.ok, answer.in_force) == (3, False, 0)
    assert any(text.startswith(begin) and part in text for text in answer.errors), answer.errors
    for text in answer.errors:
        said = re.search("：应为(.*)，实际为[^（]*(?:（(.*)）)?$", text.partition(" · ")[2])
        assert said, text
        assert all(re.search("[\u4e00-\u9fff]", words) for words in said.groups() if words), text
    assert device.applied == []


def test_what_is_no_wish_is_refused(tmp_path: Path) -> None:
    for payload in (b"", b"{", b'{"version": "x"}', b"\xff"):
        assert not Device(tmp_path).raw(payload).ok


def test_what_is_reported_is_whole_reads_back_and_holds_no_secret(tmp_path: Path) -> None:
    device = Device(tmp_path)
    zone = ZONE | {"name": "lane", "title": "巷"}
    report = device.wish(1, {"cameras": {"gate": {"zones": {"lane": zone}}}})
    assert report.ok, report.errors
    text = msgspec.json.encode(report).decode()
    assert "p@ss" not in text
    assert "file:gate.password" in text
    assert "token" not in text
    whole = settings(tmp_path) | report.config
    read = parse_settings(msgspec.json.encode(whole).decode(), "report")  # JSON is YAML
    wished = device.twin.configuration.settings
    assert (read.cameras, read.sensors, read.health) == (
        wished.cameras,
        wished.sensors,
        wished.health,
    )


def test_only_what_a_configuration_can_cause_is_blamed_on_it() -> None:
    cameras = (CameraHealth("gate", "ok"), CameraHealth("road", "fault", "no_frames"))
    faults = ("broker_unreachable: x", "too_hot: 81 °C", "sensor_failed: gas-1", "hub_silent")
    assert at_fault(cameras, faults) == {
        "camera road": "road: no_frames",
        "sensor_failed: gas-1": "sensor_failed: gas-1",
    }
