"""What the story uses of the public API: the same calls as the phone page."""

import hashlib
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

Json = dict[str, Any]
T = TypeVar("T")


class Person:
    """One signed-in person."""

    def __init__(self, hub_url: str, link_code: str) -> None:
        self._http = httpx.Client(base_url=f"{hub_url}/api/v1", timeout=10)
        session = self._json(self._http.post("/session/link", json={"code": link_code}))
        self._http.headers["Authorization"] = f"Bearer {session['token']}"
        self.name: str = session["user"]["name"]

    def get(self, path: str, **query: str | int) -> Any:
        return self._json(self._http.get(path, params=query))

    def incidents(self) -> list[Json]:
        """The list as the phone shows it."""
        items: list[Json] = self.get("/incidents", limit=50)["items"]
        return items

    def act(self, incident: str, action: str, **tap: object) -> Json:
        """One tap; sent with its own idempotency key."""
        answer = self._http.post(
            f"/incidents/{incident}/actions",
            json={"action": action, **tap},
            headers={"Idempotency-Key": str(uuid.uuid4())},
        )
        changed: Json = self._json(answer)
        return changed

    def upload(self, jpeg: bytes) -> str:
        """Upload a picture; returns its hash."""
        name = hashlib.sha256(jpeg).hexdigest()
        headers = {"Content-Type": "image/jpeg"}
        self._http.put(f"/pictures/{name}", content=jpeg, headers=headers).raise_for_status()
        return name

    def close(self) -> None:
        self._http.close()

    def _json(self, answer: httpx.Response) -> Any:
        if answer.is_error:
            raise RuntimeError(f"{answer.request.method} {answer.request.url.path}: {answer.text}")
        return answer.json()


def wait_for(look: Callable[[], T | None], limit_s: float, check: Callable[[], None]) -> T:
    """What ``look`` returns once it is not None.

    Raises:
        TimeoutError: nothing came within ``limit_s`` seconds.
    """
    deadline = time.monotonic() + limit_s
    while (found := look()) is None:
        check()
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing within {limit_s:g} s")
        time.sleep(0.1)
    return found
