"""The simulated centre's book: cases with every status they had, once per event id."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock

from hub_server.outbound.messages import CountyEvent


@dataclass
class Entry:
    """One event the centre took in."""

    event: str
    state: str
    action: str
    at: str
    received_at: str


@dataclass
class CountyCase:
    """One case as the county has it."""

    case_id: str
    incident: str
    number: str
    type: str
    state: str
    data: dict[str, object]
    history: list[Entry] = field(default_factory=list)


class Book:
    """Thread-safe; written to ``file`` after every event, if there is one."""

    def __init__(self, file: Path | None = None) -> None:
        self._file, self._lock = file, Lock()
        self._cases: dict[str, CountyCase] = {}
        if file and file.exists():
            for row in json.loads(file.read_text(encoding="utf-8")):
                entries = [Entry(**entry) for entry in row.pop("history")]
                self._cases[row["incident"]] = CountyCase(**row, history=entries)

    def take(self, event: CountyEvent, received_at: str) -> tuple[CountyCase, bool]:
        """Write an event down; the case and whether the event was new."""
        with self._lock:
            case = self._cases.get(event["subject"]) or self._new(event)
            if any(entry.event == event["id"] for entry in case.history):
                return case, False
            _write(case, event, received_at)
            self._save()
            return case, True

    def cases(self) -> list[dict[str, object]]:
        """Every case with its history, oldest first."""
        with self._lock:
            return [asdict(case) for case in self._cases.values()]

    def _new(self, event: CountyEvent) -> CountyCase:
        case_id = f"C{len(self._cases) + 1:06d}"
        case = CountyCase(case_id, event["subject"], "", "", "", {})
        self._cases[event["subject"]] = case
        return case

    def _save(self) -> None:
        if self._file is None:
            return
        rows = [asdict(case) for case in self._cases.values()]
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
        new.replace(self._file)


def _write(case: CountyCase, event: CountyEvent, received_at: str) -> None:
    data = event["data"]
    told, step = data["case"], data["step"]
    if not isinstance(told, dict) or not isinstance(step, dict):
        raise TypeError("data: expected case and step")
    state = str(told["state"])
    entry = Entry(event["id"], state, str(step["action"]), event["time"], received_at)
    case.history.append(entry)
    case.number, case.type = str(told["number"]), str(told["type"])
    case.state, case.data = state, told
