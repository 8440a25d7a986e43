"""CloudEvents 1.0 in structured JSON over HTTPS, each request signed.

The centre answers ``{"code": 0, "msg": "ok", "datas": {"case_id": "…"}}``; a code other than 0
means that it has read the event and does not want it.
"""

import json
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
from pydantic import BaseModel, ValidationError

from hub_server.county_link.signing import CountyKey, signed_headers
from hub_server.outbound.errors import Refused, RetryLater
from hub_server.outbound.http import post
from hub_server.outbound.messages import CountyEvent

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


class _Datas(BaseModel):
    case_id: str = ""


class _Answer(BaseModel):
    code: int
    msg: str = ""
    datas: _Datas = _Datas()


def _now() -> datetime:
    return datetime.now(UTC)


class HttpLink:
    """One county data centre."""

    def __init__(
        self,
        url: str,
        key: CountyKey,
        timeout_s: float,
        ca: Path | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._url, self._key, self._clock = url, key, clock
        verify = ssl.create_default_context(cafile=ca) if ca else True
        # The government network has no proxy between its systems; an environment's is not for us.
        self._client = httpx.Client(timeout=timeout_s, verify=verify, trust_env=False)

    def push(self, event: CountyEvent) -> str:
        """POST the event; raises as :func:`hub_server.outbound.http.post` does."""
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        headers = signed_headers(self._key, body, self._clock())
        answer = post(self._client, self._url, body, {"Content-Type": CONTENT_TYPE, **headers})
        try:
            said = _Answer.model_validate_json(answer.content)
        except ValidationError:
            raise RetryLater(f"expected code, msg and datas, got {answer.text[:200]!r}") from None
        if said.code != 0:
            raise Refused(f"code {said.code}: {said.msg}")
        return said.datas.case_id

    def close(self) -> None:
        """Close its connections."""
        self._client.close()
