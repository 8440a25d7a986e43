"""One POST to somebody else's system, and what its answer means for the row."""

import httpx

from hub_server.outbound.errors import Refused, RetryLater
from linli_settings import redact

# 401 and 403: a key or a clock that a person will put right. The others say themselves: later.
_LATER = frozenset({401, 403, 408, 409, 425, 429})
_SHOWN = 300


def post(client: httpx.Client, url: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
    """The successful answer.

    Raises:
        RetryLater: no answer in time, a failing server, a redirection, or a wrong key.
        Refused: the receiver will never take this (another 4xx).
    """
    try:
        answer = client.post(url, content=body, headers=headers)
    except httpx.HTTPError as error:
        raise RetryLater(redact(f"{type(error).__name__}: {error}")) from None
    if answer.is_success:
        return answer
    said = redact(f"HTTP {answer.status_code}: {answer.text[:_SHOWN]}")
    if answer.is_client_error and answer.status_code not in _LATER:
        raise Refused(said)
    raise RetryLater(said)
