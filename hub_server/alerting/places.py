"""What kind of place a source stands in, as data of the county: ``places.yaml`` beside the packs.

A rule may ask for it (``place: {noise_class: "4a"}``). The nearest wins: a source over its device,
that over its grid, community, town and county.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from hub_server.alerting.inputs import Site
from hub_server.alerting.when_fields import Strict
from linli_settings import parse, read_yaml

FILE = "places.yaml"
Trait = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
TraitText = Annotated[str, Field(min_length=1, max_length=64)]
Traits = Mapping[str, str]


class Place(Strict):
    """An area, a device, or one source of a device, and what it is."""

    area: Annotated[str, Field(pattern=r"^[0-9A-Za-z]{0,32}$")] = ""
    """The beginning of the grid's code."""
    device: str = ""
    source: str = ""
    traits: Annotated[dict[Trait, TraitText], Field(min_length=1, max_length=8)]

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if bool(self.area) == bool(self.device) or (self.source and not self.device):
            raise ValueError("either area, or device with or without source")
        return self

    @property
    def key(self) -> tuple[str, str, str]:
        return self.area, self.device, self.source


class PlacesFile(Strict):
    """``places.yaml``."""

    places: list[Place]

    @field_validator("places")
    @classmethod
    def _once(cls, places: list[Place]) -> list[Place]:
        seen: set[tuple[str, str, str]] = set()
        for place in places:
            if place.key in seen:
                raise ValueError(f"each place once, {'/'.join(filter(None, place.key))} is twice")
            seen.add(place.key)
        return places


@dataclass(frozen=True)
class Places:
    """The table, ready to be asked."""

    rows: list[Place] = field(default_factory=list)

    @cached_property
    def _rows(self) -> dict[tuple[str, str, str], dict[str, str]]:
        return {row.key: row.traits for row in self.rows}

    @cached_property
    def _lengths(self) -> list[int]:
        return sorted({len(row.area) for row in self.rows if row.area})

    @cached_property
    def digest(self) -> str:
        """Hash of the table."""
        text = repr(sorted((key, sorted(traits.items())) for key, traits in self._rows.items()))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def of(self, site: Site) -> Traits:
        """What the place of a source is."""
        keys = [(site.grid[:length], "", "") for length in self._lengths]
        keys += [("", site.device, ""), ("", site.device, site.source)]
        found: dict[str, str] = {}
        for key in keys:
            found |= self._rows.get(key, {})
        return found

    def fit(self, site: Site, asked: Traits) -> bool:
        """Whether the place of a source is all that ``asked`` names."""
        return asked.items() <= self.of(site).items()


def parse_places(text: str, file: Path | str = FILE) -> Places:
    """The table of ``text``.

    Raises:
        ConfigError: it does not fit, or a place stands twice.
    """
    return Places(parse(text, PlacesFile, file).places)


def load_places(folder: Path) -> Places:
    """The table of the folder of rules; empty where it has none.

    Raises:
        ConfigError: the file cannot be read, or does not fit.
    """
    file = folder / FILE
    return parse_places(read_yaml(file), file) if file.is_file() else Places()
