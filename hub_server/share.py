"""Where the data folders lie: in a checkout at its root, in an installed wheel in ``_share``."""

from pathlib import Path

from linli_settings import ConfigError

_PACKAGE = Path(__file__).resolve().parent


def share_dir(name: str) -> Path:
    """The folder ``rules`` or ``firmware_configs``.

    Raises:
        ConfigError: neither the wheel nor a checkout has it.
    """
    places = [_PACKAGE / "_share" / name, _PACKAGE.parent / name]
    for place in places:
        if place.is_dir():
            return place
    found = "none at " + " or ".join(str(place) for place in places)
    raise ConfigError.one(name, "folder", f"the data folder {name}", found, "install linli again")
