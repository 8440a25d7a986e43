"""One conformance test for all notifiers, and what each has of its own."""

import hmac
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from hub_server.notifiers import NOTIFIERS, Notifier, open_notifier
from hub_server.notifiers.console import Console
from hub_server.notifiers.settings import NotifierSettings
from hub_server.notifiers.webhook import Webhook
from hub_server.outbound.errors import Refused, RetryLater
from hub_server.outbound.notices import Notice
from linli_settings import ConfigError
from tests.hub_server.serving import Receiver

NOTICE = Notice(
    incident="case-1",
    number="N-1",
    step=1,
    kind="report",
    urgent=True,
    to=["li"],
    zh="请立即前往：\n燃气泄漏",
    en="Go there at once: Gas leak",
    type="gas_leak",
    colour="red",
    grid="330899001001001",
    at="2026-03-02T08:00:00Z",
)
adapter: TypeAdapter[NotifierSettings] = TypeAdapter(NotifierSettings)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver().listening() as listening:
        yield listening


@pytest.fixture(params=sorted(NOTIFIERS))
def notifier(request: pytest.FixtureRequest, tmp_path: Path, receiver: Receiver) -> Notifier:
    secret = tmp_path / "hook.secret"
    secret.write_text("s3cret")
    secret.chmod(0o600)
    own = {"webhook": {"url": receiver.url, "secret": "file:hook.secret"}}
    settings = adapter.validate_python({"type": request.param, **own.get(request.param, {})})
    return open_notifier(settings, tmp_path)


def test_every_notifier_takes_a_notice_twice_and_closes(notifier: Notifier) -> None:
    notifier.notify("case-1:1", NOTICE)
    notifier.notify("case-1:1", NOTICE)
    notifier.close()


def test_the_settings_union_knows_every_notifier() -> None:
    for name in NOTIFIERS:
        with pytest.raises(ValidationError, match="extra_forbidden"):
            adapter.validate_python({"type": name, "unknown": 1})
    with pytest.raises(ValidationError):
        adapter.validate_python({"type": "pigeon"})
    with pytest.raises(ValidationError, match="county link"):
        adapter.validate_python({"type": "console", "name": "county"})


def test_a_webhook_without_its_secret(tmp_path: Path) -> None:
    row = {"type": "webhook", "url": "http://127.0.0.1/x", "secret": "file:absent"}
    with pytest.raises(ConfigError, match="secret's file"):
        open_notifier(adapter.validate_python(row), tmp_path)


def test_the_console_prints_one_line() -> None:
    out = io.StringIO()
    Console(out).notify("k", NOTICE)
    line = "[紧急/URGENT] 请立即前往： 燃气泄漏 | Go there at once: Gas leak → li\n"
    assert out.getvalue() == line


def test_the_webhook_signs_what_it_posts(receiver: Receiver) -> None:
    Webhook(receiver.url, "s3cret", 5.0, clock=lambda: 1_772_000_000.9).notify("case-1:1", NOTICE)
    [request] = receiver.requests
    assert json.loads(request.body) == NOTICE
    assert request.headers["Idempotency-Key"] == "case-1:1"
    signed = b"1772000000." + request.body
    expected = hmac.new(b"s3cret", signed, "sha256").hexdigest()
    assert request.headers["X-Linli-Signature"] == f"sha256={expected}"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Refused),
        (404, Refused),
        (401, RetryLater),
        (429, RetryLater),
        (302, RetryLater),
        (503, RetryLater),
    ],
)
def test_what_an_answer_means(receiver: Receiver, status: int, error: type[Exception]) -> None:
    receiver.statuses = [status]
    with pytest.raises(error, match=f"HTTP {status}"):
        Webhook(receiver.url, "s3cret", 5.0).notify("k", NOTICE)


def test_nobody_listens() -> None:
    with pytest.raises(RetryLater, match="ConnectError"):
        Webhook("http://127.0.0.1:9/hook", "s3cret", 1.0).notify("k", NOTICE)
