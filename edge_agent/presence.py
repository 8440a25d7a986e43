"""Whether what the settings name is at hand: models by hash, secrets, TLS and sensor files.

Nothing is loaded, connected or fetched.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from edge_agent.cameras.settings import RtspSource
from edge_agent.detectors import DetectorSettings, ModelError
from edge_agent.sensors import open_sensor
from edge_agent.settings import Configuration
from linli_models import FetchError, cache_folder, locate
from linli_settings.presence import Check, check_all
from linli_settings.secrets import resolve

FACE_MODEL = "face"


def check_model(settings: DetectorSettings, env: Mapping[str, str]) -> Path:
    """The detector's model file, checked by its hash where the catalogue has it.

    Raises:
        ModelError: it is not there or is not what the catalogue says.
    """
    if Path(settings.model).suffix:
        file = Path(settings.model)
        if not file.is_file():
            raise ModelError(f"model: there is no file {file}")
        return file
    return _locate(settings.model, env)


def check_face_model(env: Mapping[str, str]) -> Path:
    """The model that finds the faces to blur.

    Raises:
        ModelError: as :func:`check_model`.
    """
    return _locate(FACE_MODEL, env)


def _locate(name: str, env: Mapping[str, str]) -> Path:
    try:
        return locate(name, cache_folder(env), env).path
    except FetchError as error:
        raise ModelError(f"model: {error}") from None


def check_files(configuration: Configuration) -> None:
    """Every secret, certificate and sensor file that the settings name.

    Raises:
        ConfigError: any cannot be used; all of them are named.
    """
    check_all(configuration.file, _checks(configuration))


def _checks(configuration: Configuration) -> Iterator[Check]:
    settings, base = configuration.settings, configuration.base
    yield from _secrets(configuration)
    tls = settings.broker.tls
    files = {
        "broker.tls.ca": tls.ca if tls else None,
        "broker.tls.cert": tls.cert if tls else None,
        "broker.tls.key": tls.key if tls else None,
        "hub.ca": settings.hub.ca,
    }
    for field, file in files.items():
        if file is not None:
            yield field, (base / file).read_bytes
    if settings.holidays is not None:
        yield "holidays", configuration.duty
    for index, row in enumerate(settings.sensors):
        yield f"sensors[{index}]", partial(open_sensor, row, base)


def _secrets(configuration: Configuration) -> Iterator[Check]:
    settings, base = configuration.settings, configuration.base
    named = {"broker.password": settings.broker.password, "hub.token": settings.hub.token}
    for index, camera in enumerate(settings.cameras):
        for field in ("source", "evidence_source"):
            if isinstance(source := getattr(camera, field), RtspSource):
                named[f"cameras[{index}].{field}.password"] = source.password
    for field, reference in named.items():
        if reference is not None:
            yield field, partial(resolve, reference, base)
