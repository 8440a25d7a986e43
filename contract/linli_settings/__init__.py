"""How both programs read what people write: YAML files, units, secrets, and what is wrong.

One grammar for every file, so that a technician meets one kind of message.
"""

from linli_settings.errors import ConfigError, Problem
from linli_settings.files import load, located, parse, read_yaml
from linli_settings.redact import redact
from linli_settings.secrets import SecretRef
from linli_settings.units import Duration, Percent, Size, parse_duration, parse_size

__all__ = [
    "ConfigError",
    "Duration",
    "Percent",
    "Problem",
    "SecretRef",
    "Size",
    "load",
    "located",
    "parse",
    "parse_duration",
    "parse_size",
    "read_yaml",
    "redact",
]
