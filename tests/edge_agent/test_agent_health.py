"""What makes a device red, as data."""

import pytest

from edge_agent.health import Machine, compose, outbox_faults, read_machine
from linli_contract.faults import FAULTS, explain, fault
from linli_contract.payloads import CameraHealth, LaneHealth

FINE = Machine(10.0, 50.0, 200.0, 5000.0)
OK = CameraHealth("gate", "ok")


def _state(
    cameras: tuple[CameraHealth, ...] = (OK,),
    machine: Machine = FINE,
    clock_set: bool = True,
    faults: tuple[str, ...] = (),
) -> tuple[str, tuple[str, ...]]:
    health = compose("1", 1.0, cameras, (), machine, clock_set, faults)
    return health.state, health.faults


def test_all_well_is_ok() -> None:
    assert _state() == ("ok", ())
    assert _state(machine=Machine()) == ("ok", ())
    assert _state(cameras=(CameraHealth("gate", "starting"),)) == ("ok", ())


def test_each_fault_makes_it_red() -> None:
    assert _state(cameras=(OK, CameraHealth("yard", "fault", "no_frames")))[0] == "fault"
    assert _state(clock_set=False) == ("fault", ("clock_not_set",))
    assert _state(faults=("hub_silent",)) == ("fault", ("hub_silent",))
    assert _state(machine=Machine(disk_free_mb=199.6)) == ("fault", ("disk_low: 200 MB",))
    assert _state(machine=Machine(temperature_c=80.0)) == ("fault", ("too_hot: 80 °C",))


@pytest.mark.parametrize(
    ("lane", "before", "silent_s", "expected"),
    [
        (LaneHealth("events", 1, 5), {}, 179.0, []),
        (LaneHealth("events", 1, 5), {}, 181.0, ["hub_silent"]),
        (LaneHealth("events", 9, 0), {}, 181.0, []),
        (LaneHealth("events", 1, 0, 7, 0), {"events": 7}, 0.0, []),
        (LaneHealth("events", 1, 0, 8, 0), {"events": 7}, 0.0, ["outbox_full: events × 8"]),
        (LaneHealth("events", 1, 0, 8, 0), {}, 0.0, []),
    ],
)
def test_what_the_lanes_say(
    lane: LaneHealth, before: dict[str, int], silent_s: float, expected: list[str]
) -> None:
    assert outbox_faults([lane], before, silent_s) == expected


def test_the_machine_is_read(tmp_path: object) -> None:
    machine = read_machine(tmp_path)  # type: ignore[arg-type]
    assert machine.memory_mb is not None
    assert machine.memory_mb > 1
    assert machine.disk_free_mb is not None


def test_every_fault_has_words_in_both_languages_and_a_fix() -> None:
    for code, words in FAULTS.items():
        assert all(words), code
        assert words.en.isascii(), code
        assert not words.zh.isascii(), code
        assert explain(fault(code, "x"), "zh") == f"{words.zh} (x)：{words.fix_zh}"
        assert explain(code, "en") == f"{words.en}: {words.fix_en}"


def test_an_unknown_code_is_refused_where_made_and_shown_where_read() -> None:
    with pytest.raises(KeyError):
        fault("no_such_code")
    assert explain("no_such_code: x", "zh") == "no_such_code: x"


def test_every_code_that_a_camera_reports_has_words() -> None:
    from edge_agent import faults
    from edge_agent.cameras import base

    codes = {v for k, v in vars(faults).items() if k.isupper() and isinstance(v, str)}
    codes |= {v for k, v in vars(base).items() if k.isupper() and isinstance(v, str)}
    assert codes <= FAULTS.keys()
