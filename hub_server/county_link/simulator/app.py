"""The simulated centre's HTTP side."""

import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from threading import Lock
from typing import cast

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse

from hub_server.county_link.signing import CountyKey, SignatureError, verify
from hub_server.county_link.simulator.book import Book, CountyCase
from hub_server.outbound.messages import CountyEvent, timestamp

MOST_NONCES = 100_000
_NEEDED = ("specversion", "id", "source", "type", "subject", "time", "data")


@dataclass
class Nonces:
    """Those of the window, so that no request counts twice."""

    window_s: float
    _seen: OrderedDict[str, float] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def use(self, nonce: str, now: float) -> None:
        """Remember ``nonce``.

        Raises:
            SignatureError: it was used before.
        """
        with self._lock:
            while self._seen and next(iter(self._seen.values())) < now - 2 * self.window_s:
                self._seen.popitem(last=False)
            if nonce in self._seen or len(self._seen) >= MOST_NONCES:
                raise SignatureError("X-Nonce: was used before, or too many came")
            self._seen[nonce] = now


def _now() -> datetime:
    return datetime.now(UTC)


def create_simulator(
    key: CountyKey,
    book: Book,
    tell: Callable[[CountyCase, str, str], None],
    clock: Callable[[], datetime] = _now,
) -> FastAPI:
    """The application; ``tell(case, event id, status)`` is called when its status changes."""
    app = FastAPI(title="County data centre simulator 县级数据中心模拟器", docs_url=None)
    nonces = Nonces(key.window_s)

    @app.post("/events")
    async def take_event(request: Request) -> JSONResponse:
        body, now = await request.body(), clock()
        try:
            nonces.use(verify(key, request.headers, body, now), now.timestamp())
        except SignatureError as error:
            return _answer(401, str(error), HTTPStatus.UNAUTHORIZED)
        event, wrong = read_event(body)
        if event is None:
            return _answer(400, wrong, HTTPStatus.BAD_REQUEST)
        case, new = await run_in_threadpool(book.take, event, timestamp(now))
        if new and (status := status_after(case)):
            tell(case, event["id"], status)
        return _answer(0, "ok", HTTPStatus.OK, case_id=case.case_id)

    @app.get("/cases")
    def cases() -> list[dict[str, object]]:
        return book.cases()

    @app.get("/cases/{case_id}")
    def case(case_id: str) -> JSONResponse:
        found = next((one for one in book.cases() if one["case_id"] == case_id), None)
        return JSONResponse(found) if found else _answer(404, "no such case", HTTPStatus.NOT_FOUND)

    @app.get("/health")
    def health() -> dict[str, bool]:
        return {"alive": True}

    return app


def read_event(body: bytes) -> tuple[CountyEvent | None, str]:
    """The CloudEvent in ``body``, or None and what is wrong with it."""
    try:
        event = json.loads(body)
    except ValueError as error:
        return None, f"body: expected JSON, {error}"
    if not isinstance(event, dict) or event.get("specversion") != "1.0":
        return None, "specversion: expected '1.0'"
    missing = [name for name in _NEEDED if not event.get(name)]
    if missing:
        return None, f"missing: {', '.join(missing)}"
    data = event["data"]
    if not isinstance(data, dict) or not {"case", "step"} <= data.keys():
        return None, "data: expected case and step"
    return cast(CountyEvent, event), ""


def status_after(case: CountyCase) -> str:
    """The county's status after the newest event; empty when it stays what it was."""
    if len(case.history) == 1:
        return "accepted"
    return "closed" if case.state in ("closed", "not_accepted") else ""


def _answer(code: int, msg: str, status: HTTPStatus, **datas: str) -> JSONResponse:
    return JSONResponse({"code": code, "msg": msg, "datas": datas}, status)
