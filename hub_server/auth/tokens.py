"""Session tokens and sign-in links: JSON Web Tokens (RFC 7519), HS256.

Time is an argument: the library's own clock is switched off and the expiry compared here.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
from jwt.types import Options

from hub_server.auth.settings import AuthSettings
from linli_settings import ConfigError
from linli_settings.secrets import resolve

SHORTEST_SECRET = 32
_SESSION, _LINK = "linli-session", "linli-link"
_UNTIMED: Options = {
    "verify_exp": False,
    "verify_iat": False,
    "require": ["sub", "exp", "aud"],
}


class TokenError(ValueError):
    """The token is not ours, was altered, is for another purpose or has expired."""


@dataclass(frozen=True)
class TokenKey:
    """The signing secret and how long what it signs lives."""

    secret: str
    session: timedelta = timedelta(hours=12)
    link: timedelta = timedelta(hours=12)


def token_key(settings: AuthSettings, base: Path = Path()) -> TokenKey:
    """The key of the settings; secret files count from ``base``.

    Raises:
        ConfigError: the secret is absent or too short to sign with.
    """
    secret = resolve(settings.secret, base)
    if len(secret) < SHORTEST_SECRET:
        expected, found = f"at least {SHORTEST_SECRET} characters", f"{len(secret)}"
        fix = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        raise ConfigError.one(settings.secret, "auth.secret", expected, found, fix)
    lives = timedelta(seconds=settings.session), timedelta(seconds=settings.link)
    return TokenKey(secret, *lives)


def make_session(user: str, key: TokenKey, now: datetime) -> tuple[str, datetime]:
    """A bearer token of ``user`` and when it expires."""
    return _make(user, _SESSION, key.secret, now, key.session)


def read_session(token: str, key: TokenKey, now: datetime) -> str:
    """The user of a bearer token.

    Raises:
        TokenError: it is not valid now.
    """
    return _read(token, _SESSION, key.secret, now)


def make_link_code(user: str, secret: str, now: datetime, ttl: timedelta) -> str:
    """The code of a sign-in link; it may be used again until ``ttl`` is over."""
    return _make(user, _LINK, secret, now, ttl)[0]


def read_link_code(code: str, key: TokenKey, now: datetime) -> str:
    """The user of a sign-in link.

    Raises:
        TokenError: it is not valid now.
    """
    return _read(code, _LINK, key.secret, now)


def _make(
    user: str, purpose: str, secret: str, now: datetime, ttl: timedelta
) -> tuple[str, datetime]:
    expires = (now + ttl).astimezone(UTC).replace(microsecond=0)
    claims = {"sub": user, "aud": purpose, "iat": int(now.timestamp())}
    return jwt.encode({**claims, "exp": int(expires.timestamp())}, secret, "HS256"), expires


def _read(token: str, purpose: str, secret: str, now: datetime) -> str:
    try:
        claims = jwt.decode(token, secret, ["HS256"], options=_UNTIMED, audience=purpose)
    except jwt.InvalidTokenError as error:
        raise TokenError(f"token: {error}") from None
    if not isinstance(claims["exp"], int) or claims["exp"] <= now.timestamp():
        raise TokenError("token: expired")
    return str(claims["sub"])
