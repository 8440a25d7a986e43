"""The configuration file while it is drawn in: read, checked whole, backed up, replaced at once."""

import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from edge_agent.settings import AgentSettings, parse_settings
from edge_agent.zones_page.drawing import Drawing, read, write
from linli_settings import ConfigError, read_yaml

BACKUP = ".before-zones"
"""Suffix of the copy that is kept of the file as it was before the page wrote it first."""


class ChangedError(Exception):
    """Somebody else wrote the file meanwhile."""


@dataclass(frozen=True)
class Opened:
    """The file as it is now."""

    text: str
    settings: AgentSettings
    drawing: Drawing

    @property
    def mark(self) -> str:
        """Changes with every character of the file."""
        return hashlib.sha256(self.text.encode()).hexdigest()


class DrawnFile:
    """A configuration and one of its cameras.

    Args:
        file: the configuration; a link is followed, so that it stays one.
        camera: the camera's name.
    """

    def __init__(self, file: Path, camera: str) -> None:
        self.file = file.resolve()
        self._camera = camera

    def open(self) -> Opened:
        """Raises ConfigError: the file cannot be used, or has no such camera."""
        text = read_yaml(self.file)
        settings = parse_settings(text, self.file)
        names = [row.name for row in settings.cameras]
        if self._camera not in names:
            known = f"one of the cameras {', '.join(names)}" if names else "a camera"
            raise ConfigError.one(self.file, "cameras", known, repr(self._camera))
        return Opened(text, settings, read(text, self._camera))

    def save(self, drawing: Drawing, mark: str) -> Path:
        """Put ``drawing`` into the file; where the copy of the old one is.

        Args:
            mark: of the file on which ``drawing`` was made.

        Raises:
            ChangedError: the file is no longer that one.
            ConfigError: the file would be wrong; it was not touched.
            CannotEditError: it cannot be changed in place; it was not touched.
            OSError: it cannot be written; it was not touched.
        """
        now = self.open()
        if now.mark != mark:
            raise ChangedError
        text = write(now.text, self._camera, drawing)
        parse_settings(text, self.file)
        backup = self.file.with_name(self.file.name + BACKUP)
        shutil.copy2(self.file, backup)
        _replace(self.file, text)
        return backup


def _replace(file: Path, text: str) -> None:
    """Whole or not at all, with the rights and the owner that it has."""
    was = file.stat()
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(was.st_mode & 0o7777)
        if os.geteuid() == 0:
            os.chown(name, was.st_uid, was.st_gid)
        Path(name).replace(file)
    finally:
        Path(name).unlink(missing_ok=True)
