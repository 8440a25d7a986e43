"""Secrets by reference: settings name them, a root-only file or the environment holds them."""

import os
import re
import stat
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from linli_settings.errors import ConfigError

_REFERENCE = re.compile(r"(file|env):\S+\Z")


def _check(value: str) -> str:
    if not _REFERENCE.match(value):
        raise ValueError(
            "a reference to a secret, file:/path or env:NAME (the secret itself never stands here)"
        )
    return value


SecretRef = Annotated[str, AfterValidator(_check)]
"""A field that refers to a secret: ``file:/etc/linli/mqtt.password`` or ``env:LINLI_MQTT``."""


def resolve(reference: str, base: Path = Path()) -> str:
    """The secret itself. A relative path counts from ``base``.

    Raises:
        ConfigError: it is not there, is empty, or its file can be read by others.
    """
    kind, _, name = reference.partition(":")
    if kind == "env":
        if value := os.environ.get(name, ""):
            return value
        raise ConfigError.one("environment", name, "a secret", "nothing", f"set {name}")
    return _read(base / name)


def _read(file: Path) -> str:
    try:
        mode = file.stat().st_mode
        value = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        found = error.strerror or str(error)
        raise ConfigError.one(file, "file", "a secret's file", found) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        fix = f"chmod 600 {file}"
        raise ConfigError.one(file, "mode", "a file only its owner reads", oct(mode & 0o777), fix)
    if not value:
        raise ConfigError.one(file, "content", "a secret", "an empty file")
    return value
