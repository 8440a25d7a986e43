"""Signatures of both directions."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_server.county_link.signing import (
    APP_KEY,
    NONCE,
    SIGNATURE,
    TIMESTAMP,
    CountyKey,
    SignatureError,
    signature,
    signed_headers,
    verify,
)
from tests.hub_server.world import START

KEY = CountyKey("linli", "shared-secret")
BODY = b'{"id": "1"}'


def test_a_known_signature() -> None:
    """HMAC-SHA256 over timestamp + nonce + body, computed once with openssl."""
    found = signature("shared-secret", "1772438400", "0" * 32, BODY)
    assert found == "1158aaaa56003c4e605438527c218bbba68d47812abefbc2ce17a46e68823358"


def test_good_within_the_window() -> None:
    headers = signed_headers(KEY, BODY, START)
    for offset in (-300, 0, 300):
        now = START + timedelta(seconds=offset)
        assert verify(KEY, headers, BODY, now) == headers[NONCE]


@pytest.mark.parametrize("offset", [-301, 301])
def test_outside_the_window(offset: int) -> None:
    headers = signed_headers(KEY, BODY, START)
    with pytest.raises(SignatureError, match="more than 300 s"):
        verify(KEY, headers, BODY, START + timedelta(seconds=offset))


@given(st.sampled_from([APP_KEY, TIMESTAMP, NONCE, SIGNATURE]), st.text(max_size=70))
def test_any_other_header_is_refused(name: str, value: str) -> None:
    headers = signed_headers(KEY, BODY, START)
    if headers[name] != value:
        with pytest.raises(SignatureError):
            verify(KEY, {**headers, name: value}, BODY, START)


@given(st.binary(max_size=40))
def test_any_other_body_is_refused(body: bytes) -> None:
    if body != BODY:
        with pytest.raises(SignatureError, match="does not fit"):
            verify(KEY, signed_headers(KEY, BODY, START), body, START)


def test_another_secret_and_no_headers() -> None:
    other = replace(KEY, secret="other")
    with pytest.raises(SignatureError):
        verify(KEY, signed_headers(other, BODY, START), BODY, START)
    with pytest.raises(SignatureError):
        verify(KEY, {}, BODY, START)


def test_no_two_requests_share_a_nonce() -> None:
    nonces = {signed_headers(KEY, BODY, START)[NONCE] for _ in range(100)}
    assert len(nonces) == 100
