"""The model and the footage of a demo: fetched once, checked by hash, kept in the cache."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from hub_server.demo.errors import DemoError
from linli_settings.redact import redact

MODELS = ("yolo11n", "person-fall")
"""In order of preference; the first that can be had is taken."""
SAMPLE = "vtest"


@dataclass(frozen=True)
class Inputs:
    """What the camera of the demo shows and what looks at it."""

    model: str
    source: dict[str, object]
    """The camera's ``source`` in the agent's configuration."""
    sample: bool
    """True for the footage the demo's zones were drawn on."""
    title: str


def get_inputs(camera: str | None) -> Inputs:
    """Fetch what is missing; progress goes to the terminal.

    Raises:
        DemoError: a model or the footage cannot be had, or ``camera`` is no file or address.
    """
    source = _source(camera) if camera is not None else None  # before anything is fetched
    model, _ = _fetch("--first", *MODELS)
    _fetch("face")
    if camera is None or source is None:
        _, path = _fetch(SAMPLE)
        return Inputs(model, _file(path), sample=True, title=f"{SAMPLE} ({path})")
    return Inputs(model, source, sample=False, title=redact(camera))


def _fetch(*names: str) -> tuple[str, str]:
    command = [sys.executable, "-m", "linli_models", "fetch", "--json", *names]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)  # noqa: S603 - our own
    lines = done.stdout.decode().splitlines()
    if done.returncode or not lines:
        raise DemoError(f"could not get {' or '.join(n for n in names if n[0] != '-')} (see above)")
    row = json.loads(lines[-1])
    return row["name"], row["path"]


def _source(camera: str) -> dict[str, object]:
    parts = urlsplit(camera)
    if parts.scheme in ("rtsp", "rtsps"):
        if parts.username or parts.password:
            raise DemoError(
                "CAMERA: give the address without user and password; "
                "a camera that needs them goes into an agent's configuration"
            )
        return {"type": "rtsp", "url": camera}
    path = Path(camera).expanduser()
    if not path.is_file():
        raise DemoError(f"CAMERA: expected a video file or rtsp:// address, found {redact(camera)}")
    return _file(str(path.resolve()))


def _file(path: str) -> dict[str, object]:
    return {"type": "file", "path": path, "loop": True}
