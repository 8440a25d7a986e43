"""TLS with client certificates on a real Mosquitto."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from linli_contract.faults import explain
from tests.edge_agent.outbox.outbox_kit import draft
from tests.edge_agent.publisher.publisher_kit import NOW, edge, eventually
from tests.support import certificates
from tests.support.certificates import Certificate, make_ca, make_certificate
from tests.support.mosquitto import Mosquitto, installed

pytestmark = [
    pytest.mark.skipif(not installed(), reason="mosquitto is not installed"),
    pytest.mark.skipif(not certificates.installed(), reason="openssl is not installed"),
]


@pytest.fixture
def ca(tmp_path: Path) -> Certificate:
    return make_ca(tmp_path / "certs")


@pytest.fixture
def secured(tmp_path: Path, ca: Certificate) -> Iterator[Mosquitto]:
    server = make_certificate(tmp_path / "certs", ca, "server", host="127.0.0.1")
    lines = (
        f"cafile {ca.cert}\ncertfile {server.cert}\nkeyfile {server.key}\nrequire_certificate true"
    )
    with Mosquitto(tmp_path / "broker", settings=lines) as running:
        yield running


def test_with_its_certificate_it_connects(
    tmp_path: Path, ca: Certificate, secured: Mosquitto
) -> None:
    own = make_certificate(tmp_path / "certs", ca, "pi-0001")
    # relative to the configuration's folder
    tls = {"ca": "certs/ca.crt", "cert": f"certs/{own.cert.name}", "key": f"certs/{own.key.name}"}
    with edge(tmp_path, secured.port, tls=tls) as (outbox, publisher):
        outbox.append(draft(at=NOW()), NOW())
        eventually(lambda: publisher.counters.sent == 1, "an event over TLS")
        assert publisher.faults() == ()


def test_a_broker_of_another_authority_is_refused(tmp_path: Path, secured: Mosquitto) -> None:
    other = make_ca(tmp_path / "certs", "other")
    with edge(tmp_path, secured.port, tls={"ca": str(other.cert)}) as (_, publisher):
        eventually(lambda: publisher.faults(), "the refusal")
        [text] = publisher.faults()
        assert text.startswith("broker_tls")
        assert "broker.tls" in explain(text, "en")
        assert not publisher.connected


def test_without_tls_on_a_tls_port_the_fault_names_tls(tmp_path: Path, secured: Mosquitto) -> None:
    with edge(tmp_path, secured.port) as (_, publisher):
        eventually(lambda: publisher.faults(), "the refusal")
        assert "broker.tls" in explain(publisher.faults()[0], "en")
