"""What the page asks and says: the drawing, the live view, and saving."""

import base64
from http import HTTPStatus
from typing import Any

import msgspec

from edge_agent.settings import Configuration
from edge_agent.zones_page.drawing import Drawing
from edge_agent.zones_page.kinds import kinds
from edge_agent.zones_page.live import Live, View
from edge_agent.zones_page.motion import COLUMNS, ROWS
from edge_agent.zones_page.saving import ChangedError, DrawnFile
from edge_agent.zones_page.server import Answer, Route
from edge_agent.zones_page.yaml_text import CannotEditError
from linli_contract.faults import explain
from linli_settings import ConfigError, Problem
from linli_settings.chinese import in_chinese

WAIT_S = 10.0
"""How long a question for the next view may stay open."""


class Save(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the page sends to be saved."""

    mark: str
    drawing: Drawing


class Page:
    """The page of one camera.

    Args:
        file: the configuration and its camera.
        live: the camera.
        camera: its name.
        lang: the language to begin with.
    """

    def __init__(self, file: DrawnFile, live: Live, camera: str, lang: str) -> None:
        self._file, self._live = file, live
        self._camera, self._lang = camera, lang

    def routes(self) -> dict[tuple[str, str], Route]:
        return {
            ("GET", "/api/drawing"): self.drawing,
            ("GET", "/api/view"): self.view,
            ("PUT", "/api/drawing"): self.save,
        }

    def drawing(self, _: dict[str, Any]) -> Answer:
        """The file as it is, and what can be drawn."""
        try:
            opened = self._file.open()
        except ConfigError as error:
            return HTTPStatus.UNPROCESSABLE_ENTITY, _problems(error.problems) | {"lang": self._lang}
        return HTTPStatus.OK, {
            "camera": self._camera,
            "file": str(self._file.file),
            "lang": self._lang,
            "mark": opened.mark,
            "drawing": msgspec.to_builtins(opened.drawing),
            "kinds": msgspec.to_builtins(kinds()),
            "grid": [COLUMNS, ROWS],
        }

    def view(self, query: dict[str, Any]) -> Answer:
        """The newest view after ``after``."""
        after = str(query.get("after", "0"))
        view = self._live.view(int(after) if after.isdecimal() else 0, WAIT_S)
        return HTTPStatus.OK, _view(view)

    def save(self, body: dict[str, Any]) -> Answer:
        """Write the drawing, or say by field what is wrong with it."""
        try:
            wanted = msgspec.convert(body, Save)
            backup = self._file.save(wanted.drawing, wanted.mark)
            opened = self._file.open()
        except msgspec.ValidationError as error:
            return HTTPStatus.UNPROCESSABLE_ENTITY, _problems([Problem("", "", str(error))])
        except ConfigError as error:
            return HTTPStatus.UNPROCESSABLE_ENTITY, _problems(error.problems)
        except ChangedError:
            return HTTPStatus.CONFLICT, {"code": "changed"}
        except CannotEditError as error:
            return HTTPStatus.CONFLICT, {"code": "cannot_edit", "detail": str(error)}
        except OSError as error:
            detail = f"{error.filename}: {error.strerror}"
            return HTTPStatus.CONFLICT, {"code": "cannot_write", "detail": detail}
        self._live.show(Configuration(self._file.file, opened.settings))
        drawing = msgspec.to_builtins(opened.drawing)
        return HTTPStatus.OK, {"mark": opened.mark, "backup": backup.name, "drawing": drawing}


def _problems(problems: list[Problem]) -> dict[str, Any]:
    """Every part in both languages: the person may change it at any time."""
    return {"code": "wrong", "problems": [_problem(row) for row in problems]}


def _problem(row: Problem) -> dict[str, Any]:
    parts = {"expected": row.expected, "found": row.found, "fix": row.fix}
    said = {name: {"zh": in_chinese(text), "en": text} for name, text in parts.items()}
    return {"field": row.field} | said


def _view(view: View) -> dict[str, Any]:
    return {
        "number": view.number,
        "size": view.size,
        "jpeg": base64.b64encode(view.jpeg).decode(),
        "tracks": [
            {"id": t.id, "label": t.label, "score": round(t.score, 2), "box": t.box}
            for t in view.tracks
        ],
        "motion": view.motion or [],
        "fault": {lang: explain(view.fault, lang) for lang in ("zh", "en")} if view.fault else None,
    }
