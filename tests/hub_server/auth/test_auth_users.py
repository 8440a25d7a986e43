"""Users, passwords, and the brake on guessing."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from hub_server.auth.attempts import LARGEST, Attempts, limits_of
from hub_server.auth.roles import Role
from hub_server.auth.settings import AuthSettings
from hub_server.auth.tokens import TokenError, make_session, read_link_code, read_session, token_key
from hub_server.auth.users import User, UserError, add_user, check_password, find_user
from hub_server.ledger.tables import users
from linli_settings import ConfigError, parse
from tests.hub_server.world import PASSWORD, START, make_world

SUN = User("sun", Role.WORKER, "330899001001002", "孙", "Sun")


def test_a_password_is_kept_as_a_hash(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    with world.ledger.write() as conn:
        add_user(conn, SUN, "ten letters")
        hashed = conn.scalar(select(users.c.password_hash).where(users.c.name == "sun"))
        assert str(hashed).startswith("$argon2id$")
        assert check_password(conn, "sun", "ten letters") == SUN
        assert check_password(conn, "sun", "Ten letters") is None
        assert check_password(conn, "sun", "") is None


def test_without_a_password_none_fits(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    with world.ledger.read() as conn:
        assert find_user(conn, "li") is not None
        assert check_password(conn, "li", "!") is None


def test_a_disabled_user_is_nobody(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    with world.ledger.write() as conn:
        conn.execute(update(users).values(disabled=True))
        assert find_user(conn, "zhao") is None
        assert check_password(conn, "zhao", PASSWORD) is None


@pytest.mark.parametrize(
    ("user", "password", "message"),
    [
        (SUN, "short", "password: expected 10"),
        (User("x", Role.WORKER, "", "", ""), None, "area"),
        (User("li", Role.WORKER, "33", "", ""), None, "'li' exists"),
    ],
)
def test_who_cannot_be_added(
    tmp_path: Path, user: User, password: str | None, message: str
) -> None:
    world = make_world(tmp_path)
    with world.ledger.write() as conn, pytest.raises(UserError, match=message):
        add_user(conn, user, password)


def test_replacing(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    with world.ledger.write() as conn:
        add_user(conn, User("li", Role.OPERATOR, "33", "李", "Li"), replace=True)
        found = find_user(conn, "li")
    assert found is not None
    assert found.role is Role.OPERATOR


def test_no_default_and_no_short_secret(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="secret: expected a value"):
        parse("session: 12h", AuthSettings)
    secret = tmp_path / "auth.secret"
    secret.write_text("x" * 31)
    secret.chmod(0o600)
    settings = parse("secret: file:auth.secret", AuthSettings)
    with pytest.raises(ConfigError, match="at least 32 characters, found 31"):
        token_key(settings, tmp_path)
    secret.write_text("x" * 32)
    key = token_key(settings, tmp_path)
    token, expires = make_session("li", key, START)
    assert expires == START + timedelta(hours=12)
    assert read_session(token, key, START) == "li"
    with pytest.raises(TokenError):
        read_link_code(token, key, START)


def test_the_brake_forgets_in_time_and_is_bounded() -> None:
    attempts, now, limits = Attempts(), START, limits_of("zhao", "10.0.0.1")
    for _ in range(5):
        assert attempts.wait_s(limits, now) == 0
        attempts.failed(limits, now)
        now += timedelta(seconds=10)
    assert attempts.wait_s(limits, now) == 250
    assert attempts.wait_s(limits_of("zhao", "10.0.0.2"), now) == 0  # not locked out elsewhere
    attempts.succeeded("zhao", "10.0.0.1")
    assert attempts.wait_s(limits, now) == 0
    for number in range(LARGEST + 5):
        attempts.failed({str(number): 5}, now)
    assert len(attempts._failures) == LARGEST


def test_the_brake_counts_names_and_addresses_too() -> None:
    by_name, by_address = Attempts(), Attempts()
    for number in range(50):
        by_name.failed(limits_of("zhao", f"10.0.0.{number}"), START)
        by_address.failed(limits_of(f"user-{number}", "10.0.0.1"), START)
    assert by_name.wait_s(limits_of("zhao", "10.9.9.9"), START) == 300
    assert by_address.wait_s(limits_of("zhao", "10.0.0.1"), START) == 300
    assert by_address.wait_s(limits_of("zhao", "10.9.9.9"), START) == 0
