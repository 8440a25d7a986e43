"""``edge-agent check``: the configuration and what it names, without connecting anything."""

import os
import random
from pathlib import Path

from edge_agent.cameras import CameraError, Surroundings, probe
from edge_agent.cameras.settings import streams
from edge_agent.clock import Clock
from edge_agent.detectors import ModelError
from edge_agent.language import explain_detail
from edge_agent.presence import check_face_model, check_files, check_model
from edge_agent.settings import Configuration, load_configuration
from linli_contract.faults import fault
from linli_settings import ConfigError, Problem, located, read_yaml


def check(file: Path, open_cameras: bool, lang: str = "en") -> list[str]:
    """What is wrong outside the file: models that are not at hand, cameras that do not open.

    Args:
        open_cameras: also take one frame of every stream of every camera.
        lang: ``zh`` or ``en``.

    Raises:
        ConfigError: the file, or a secret, certificate or sensor file it names, cannot be used.
    """
    configuration = load_configuration(file)
    text = read_yaml(configuration.file)
    try:
        check_files(configuration)
    except ConfigError as error:
        raise ConfigError(error.file, located(text, error.problems)) from None
    problems = _models(configuration) + _holidays(configuration)
    if open_cameras:
        problems += _cameras(configuration, lang)
    return [problem.text(configuration.file, lang) for problem in located(text, problems)]


def _models(configuration: Configuration) -> list[Problem]:
    settings, problems = configuration.settings, []
    for index, row in enumerate(settings.detectors):
        try:
            check_model(configuration.detector(row), os.environ)
        except ModelError as error:
            problems.append(_model(f"detectors[{index}].model", error))
    if any(camera.evidence.pictures for camera in settings.cameras):
        try:
            check_face_model(os.environ)
        except ModelError as error:
            problems.append(_model("cameras", error))
    return problems


def _model(field: str, error: ModelError) -> Problem:
    expected = "a model that is here and is what the catalogue says"
    return Problem(field, expected, str(error).removeprefix("model: "))


def _holidays(configuration: Configuration) -> list[Problem]:
    """Schedules that ask for the holidays of a year that nobody wrote down go by the weekday."""
    year = configuration.missing_year(Clock().now().wall)
    if year is None:
        return []
    fix = "copy the year's notice into it"
    return [Problem("holidays", f"the holidays of {year}", "a file without them", fix)]


def _cameras(configuration: Configuration, lang: str) -> list[Problem]:
    """One frame of every stream; the field says which role failed."""
    around = Surroundings(Clock().now, random.random, configuration.base)
    problems = []
    for index, row in enumerate(configuration.settings.cameras):
        for role, stream in streams(row).items():
            try:
                probe(stream, around)
            except CameraError as error:
                said = explain_detail(fault(error.code, str(error)), lang)
                field = f"cameras[{index}].{role}"
                problems.append(Problem(field, "a picture", f"{error.code}: {said}"))
    return problems
