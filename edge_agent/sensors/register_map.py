"""Register maps as data: what a vendor's sheet says about a Modbus device."""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from linli_settings import load
from linli_settings.strict import Strict

NumberType = Literal["uint16", "int16", "uint32", "int32", "float32"]
_FORMATS = {"uint16": ">H", "int16": ">h", "uint32": ">I", "int32": ">i", "float32": ">f"}
_WORDS = {"uint16": 1, "int16": 1, "uint32": 2, "int32": 2, "float32": 2}


class Register(Strict):
    """One number in a device."""

    name: Annotated[str, Field(min_length=1)]
    address: Annotated[int, Field(ge=0, le=65_535)] = Field(
        title="As on the wire, from 0: 0 for what a sheet may call 40001 or 30001"
    )
    table: Literal["holding", "input"]
    type: NumberType = "uint16"
    word_order: Literal["big", "little"] = Field(
        default="big", title="Of two-register numbers: which word comes first"
    )
    scale: float = Field(default=1.0, title="0.1 where the register holds tenths")
    unit: str = Field(default="", title="What the scaled number is in, for people")

    @property
    def words(self) -> int:
        """How many registers it takes."""
        return _WORDS[self.type]

    def number(self, words: Sequence[int]) -> float:
        """The scaled number in ``words``, of which there are ``self.words``."""
        ordered = words if self.word_order == "big" else tuple(reversed(words))
        body = b"".join(word.to_bytes(2, "big") for word in ordered)
        return float(struct.unpack(_FORMATS[self.type], body)[0]) * self.scale


class RegisterMap(Strict):
    """A device's registers."""

    name: str
    source: Annotated[str, Field(min_length=1)] = Field(title="Vendor's sheet, with its version")
    registers: Annotated[tuple[Register, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _unique(self) -> "RegisterMap":
        names = [row.name for row in self.registers]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"each register name once; more than once: {', '.join(twice)}")
        return self

    def named(self, name: str) -> Register | None:
        """The register of that name."""
        return next((row for row in self.registers if row.name == name), None)


def load_map(file: Path) -> RegisterMap:
    """The map in ``file``.

    Raises:
        ConfigError: it cannot be read or is no register map.
    """
    return load(file, RegisterMap)
