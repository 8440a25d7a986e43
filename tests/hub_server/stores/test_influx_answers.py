"""What becomes of each answer of a server: later, in pieces, or never."""

import pytest
from influxdb_client.rest import ApiException

from hub_server.stores.influx_http import what_to_do
from hub_server.stores.store import Refused, RetryLater, TooLarge


class Answer:
    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.status, self.reason, self.data = status, "", b'{"message":"because"}'
        self.headers = headers or {}

    def getheaders(self) -> dict[str, str]:
        return self.headers

    def getheader(self, name: str) -> str | None:
        return self.headers.get(name)


def decided(status: int, **headers: str) -> Exception:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return what_to_do(ApiException(http_resp=Answer(status, named)))


@pytest.mark.parametrize("status", [401, 403, 404, 408, 429, 500, 502, 503, 504])
def test_later(status: int) -> None:
    """A token or bucket that is missing loses no points: a person mends it."""
    decision = decided(status)
    assert isinstance(decision, RetryLater)
    assert decision.cause == str(status)
    assert decision.after_s is None


@pytest.mark.parametrize("status", [429, 503])
def test_as_late_as_the_server_asks(status: int) -> None:
    decision = decided(status, Retry_After="17")
    assert isinstance(decision, RetryLater)
    assert decision.after_s == 17.0


def test_in_pieces() -> None:
    assert isinstance(decided(413), TooLarge)


@pytest.mark.parametrize("status", [400, 422])
def test_never(status: int) -> None:
    decision = decided(status)
    assert isinstance(decision, Refused)
    assert not isinstance(decision, TooLarge)
    assert "because" in str(decision)


def test_a_certificate_is_mended_by_a_person() -> None:
    decision = what_to_do(ApiException(status=0, reason="SSLError"))
    assert isinstance(decision, RetryLater)
    assert decision.cause == "tls"
