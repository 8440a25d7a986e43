"""Prints each notice as one line, Chinese first."""

import sys
from typing import TextIO

from hub_server.outbound.notices import Notice


class Console:
    """For one machine and for the demo; a person reads the terminal or the service's log."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def notify(self, key: str, notice: Notice) -> None:
        """``[紧急/URGENT] 新案件待核实：… | New case to verify: … → operator``"""
        urgent = "[紧急/URGENT] " if notice["urgent"] else ""
        to = ", ".join(notice["to"]) or "-"
        line = f"{urgent}{notice['zh']} | {notice['en']} → {to}".replace("\n", " ")
        print(line, file=self._stream or sys.stdout, flush=True)

    def close(self) -> None:
        """Nothing to let go of."""
