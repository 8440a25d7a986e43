"""What the twin must know after a restart: the wishes in force, last good, and refused."""

import os
from pathlib import Path

import msgspec

FILE = "twin.json"


class Wish(msgspec.Struct, frozen=True):
    """One wish as it came."""

    version: int = 0
    config: dict[str, object] = {}


class Refused(msgspec.Struct, frozen=True):
    """A wish that was not taken, or was rolled back; it may come again with every connection."""

    wish: Wish
    errors: tuple[str, ...]


class State(msgspec.Struct, frozen=True):
    """All of it. The default is the file's own configuration."""

    wish: Wish = Wish()
    """in force"""
    good: Wish = Wish()
    """the last one that kept the device well through its grace time; ``wish`` is on trial while
    it is another"""
    starts: int = 0
    """Starts of the program during this trial."""
    red_before: tuple[str, ...] = ()
    """What was at fault before the trial: not its doing."""
    refused: Refused | None = None

    @property
    def on_trial(self) -> bool:
        return self.wish != self.good


class Store:
    """The file; after a power cut it holds the old or the new state, whole.

    Args:
        folder: the agent's data folder.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def load(self) -> State:
        """The state; the default where there is none.

        Raises:
            OSError: it cannot be read.
            ValueError: it is damaged.
        """
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=State)
        except FileNotFoundError:
            return State()
        except msgspec.MsgspecError as error:
            raise ValueError(f"{self._file}: {error}") from None

    def save(self, state: State) -> None:
        """Keep it for good.

        Raises:
            OSError: the disk refuses it.
        """
        self._file.parent.mkdir(parents=True, exist_ok=True)
        half = self._file.with_name(f".{FILE}.new")
        with half.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(msgspec.json.encode(state))
            file.flush()
            os.fsync(file.fileno())
        half.replace(self._file)
        handle = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
