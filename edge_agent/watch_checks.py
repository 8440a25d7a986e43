"""What behaviours ask of the rest of the configuration: labels of the detector, holidays."""

from collections.abc import Iterator, Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from edge_agent.behaviours.watch_settings import WatchSettings
from edge_agent.cameras.settings import CameraSettings
from edge_agent.detectors.settings import DetectorSettings
from edge_agent.schedules import asks_for_holidays
from edge_agent.types import UNKNOWN_KIND
from linli_models import catalogue
from linli_settings import Problem
from linli_settings.holidays import Calendar, UnknownYearError

_NOTHING = frozenset[str]()


def unknown_labels(
    cameras: Sequence[CameraSettings], detectors: Sequence[DetectorSettings]
) -> list[Problem]:
    """Labels that behaviours count and none of the camera's detectors ever gives.

    A detector that the configuration does not hold, or whose model is unknown, says nothing here:
    that is a problem of its own.
    """
    known = {row.name: _labels(row) for row in detectors}
    problems = []
    for place, camera, watch in _watches(cameras):
        looks = [known.get(name, _NOTHING) for name in camera.detector_names]
        given = _NOTHING.union(*looks)
        missing = sorted(watch.needs - given - {UNKNOWN_KIND}) if all(looks) else []
        problems += [
            _problem(f"{place}.{_field(watch, label)}", label, camera, given) for label in missing
        ]
    return problems


def missing_holidays(cameras: Sequence[CameraSettings], holidays: Path | None) -> list[Problem]:
    """Schedules that ask for holidays where no file holds them."""
    if holidays is not None:
        return []
    return [
        Problem(
            f"{place}.schedule[{index}].holidays",
            "ignore, for want of a holiday file",
            row.holidays,
            "name the file with the year's holidays in holidays:",
        )
        for place, _, watch in _watches(cameras)
        for index, row in enumerate(watch.schedule)
        if row.holidays != "ignore"
    ]


def missing_year(cameras: Sequence[CameraSettings], calendar: Calendar, today: date) -> int | None:
    """The year whose holidays schedules ask for today and nobody knows; None: all is known."""
    if not asks_for_holidays([watch.schedule for _, _, watch in _watches(cameras)]):
        return None
    try:
        calendar.is_holiday(today)
    except UnknownYearError as error:
        return error.year
    return None


def _watches(
    cameras: Sequence[CameraSettings],
) -> Iterator[tuple[str, CameraSettings, WatchSettings]]:
    """Every behaviour and line with its place in the file."""
    for c, camera in enumerate(cameras):
        for z, zone in enumerate(camera.zones):
            for b, behaviour in enumerate(zone.behaviours):
                yield f"cameras[{c}].zones[{z}].behaviours[{b}]", camera, behaviour
        for n, line in enumerate(camera.lines):
            yield f"cameras[{c}].lines[{n}]", camera, line


def _labels(detector: DetectorSettings) -> frozenset[str]:
    """What it can give; empty when that is not known."""
    if Path(detector.model).suffix:
        return frozenset((detector.classes or {}).values())
    rows = [entry for entry in catalogue().entries if entry.name == detector.model]
    return frozenset(label for row in rows for label in row.classes.values())


def _field(watch: WatchSettings, label: str) -> str:
    """The key that names ``label``."""
    names = type(watch).model_fields
    lists = [name for name in names if isinstance(getattr(watch, name), list)]
    return next((name for name in lists if label in getattr(watch, name)), "labels")


def _problem(field: str, label: str, camera: CameraSettings, given: frozenset[str]) -> Problem:
    near = get_close_matches(label, given, n=1)
    names = ", ".join(camera.detector_names)
    return Problem(
        field,
        f"labels that the detector {names} gives ({', '.join(sorted(given))})",
        repr(label),
        f"did you mean {near[0]!r}?" if near else "take another model, or another label",
    )
