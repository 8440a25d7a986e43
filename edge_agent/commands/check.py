"""``edge-agent check``: the configuration and what it names, without connecting anything."""

import os
import random
from pathlib import Path

from edge_agent.cameras import CameraError, Surroundings, probe
from edge_agent.clock import Clock
from edge_agent.detectors import ModelError
from edge_agent.presence import check_face_model, check_files, check_model
from edge_agent.settings import Configuration, load_configuration
from linli_contract.faults import explain, fault


def check(file: Path, open_cameras: bool) -> list[str]:
    """What is wrong outside the file: models that are not at hand, cameras that do not open.

    Args:
        open_cameras: also take one frame of every camera.

    Raises:
        ConfigError: the file, or a secret, certificate or sensor file it names, cannot be used.
    """
    configuration = load_configuration(file)
    check_files(configuration)
    problems = _models(configuration)
    return problems + _cameras(configuration) if open_cameras else problems


def _models(configuration: Configuration) -> list[str]:
    settings, problems = configuration.settings, []
    for index, row in enumerate(settings.detectors):
        try:
            check_model(configuration.detector(row), os.environ)
        except ModelError as error:
            problems.append(f"{configuration.file}: detectors[{index}].{error}")
    if any(camera.evidence.pictures for camera in settings.cameras):
        try:
            check_face_model(os.environ)
        except ModelError as error:
            problems.append(f"{configuration.file}: cameras.evidence: {error}")
    return problems


def _cameras(configuration: Configuration) -> list[str]:
    problems = []
    around = Surroundings(Clock().now, random.random, configuration.base)
    for index, row in enumerate(configuration.settings.cameras):
        try:
            probe(row, around)
        except CameraError as error:
            name = f"cameras[{index}].source"
            said = explain(fault(error.code, str(error)), "en")
            problems.append(f"{configuration.file}: {name}: {error.code}: {said}")
    return problems
