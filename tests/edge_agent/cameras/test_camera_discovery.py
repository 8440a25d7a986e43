"""Discovery against a WS-Discovery responder on the loopback."""

import json
import re
import socket
import struct
import threading
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from edge_agent.cameras import onvif
from edge_agent.cameras.onvif import Found, discover, parse_answer
from edge_agent.commands.cameras import app

ANSWER = """<?xml version="1.0" encoding="UTF-8"?>
<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"
 xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">
<SOAP-ENV:Header><wsa:RelatesTo>{relates}</wsa:RelatesTo></SOAP-ENV:Header>
<SOAP-ENV:Body><d:ProbeMatches><d:ProbeMatch>
<wsa:EndpointReference><wsa:Address>urn:uuid:1419d68a-1dd2-11b2-a105-000000000001</wsa:Address>
</wsa:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types>
<d:Scopes>onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/name/%E5%8D%97%E9%97%A8
 onvif://www.onvif.org/hardware/DS-2CD_2T47 onvif://www.onvif.org/location/city/linli</d:Scopes>
<d:XAddrs>http://169.254.1.1/onvif/device_service http://{host}/onvif/device_service</d:XAddrs>
<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></SOAP-ENV:Body>
</SOAP-ENV:Envelope>"""
CAMERA = Found(
    "127.0.0.1",
    "南门",
    "DS-2CD 2T47",
    "city/linli",
    ("http://169.254.1.1/onvif/device_service", "http://127.0.0.1/onvif/device_service"),
)


class Responder(threading.Thread):
    """A camera; and beside it one that talks rubbish, and one that answers somebody else."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.asked: list[str] = []
        self.group = ("239.255.255.250", 0)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("", 0))
        self.group = (self.group[0], self._socket.getsockname()[1])
        member = struct.pack("4s4s", socket.inet_aton(self.group[0]), socket.inet_aton("127.0.0.1"))
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        self._socket.settimeout(10)

    def run(self) -> None:
        while True:
            try:
                data, sender = self._socket.recvfrom(65_507)
            except OSError:
                return
            asked = re.search(r"MessageID>([^<]+)<", data.decode())
            assert asked
            self.asked.append(data.decode())
            for relates in ("uuid:somebody-else", asked[1]):
                self._socket.sendto(
                    ANSWER.format(relates=relates, host="127.0.0.1").encode(), sender
                )
            self._socket.sendto(b"\xff\x00 no XML", sender)

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def responder() -> Iterator[Responder]:
    try:
        made = Responder()
    except OSError as error:
        pytest.skip(f"no multicast on the loopback: {error}")
    made.start()
    yield made
    made.close()


def test_a_camera_answers(responder: Responder) -> None:
    assert discover(1.0, responder.group, "127.0.0.1") == [CAMERA]
    assert "dn:NetworkVideoTransmitter" in responder.asked[0]
    assert "http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe" in responder.asked[0]


def test_the_command(responder: Responder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onvif.discover, "__defaults__", (responder.group, None))
    options = ["discover", "--timeout", "1s", "--interface", "127.0.0.1"]
    ran = CliRunner().invoke(app, options)
    assert ran.exit_code == 0
    assert "127.0.0.1  南门 · DS-2CD 2T47 · city/linli  http://" in ran.output
    as_json = CliRunner().invoke(app, [*options, "--json"])
    assert json.loads(as_json.output)[0]["host"] == "127.0.0.1"


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onvif.discover, "__defaults__", (("127.0.0.1", 9), None))
    ran = CliRunner().invoke(app, ["discover", "--timeout", "200ms"])
    assert ran.exit_code == 1
    assert "no camera answers" in ran.output


@pytest.mark.parametrize("text", ["3", "0s", "2min", "soon"])
def test_a_wrong_timeout_is_named(text: str) -> None:
    ran = CliRunner().invoke(app, ["discover", "--timeout", text])
    assert ran.exception
    assert "timeout: expected" in str(ran.exception)


DOCTYPE = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
BOMB = ANSWER.replace("<SOAP-ENV:Envelope", DOCTYPE + "<SOAP-ENV:Envelope", 1)
FILES = ANSWER.replace("http://169", "file://169").replace("http://{host}", "file://{host}")


@pytest.mark.parametrize(
    "data", ["", "<x", *(text.format(relates="uuid:1", host="h") for text in (BOMB, FILES))]
)
def test_what_is_no_answer_is_passed_over(data: str) -> None:
    assert parse_answer(data.encode(), "uuid:1", "10.0.0.1") is None


def test_a_probe_is_known_in_every_spelling() -> None:
    said = ANSWER.format(relates="urn:uuid:AB-1", host="10.0.0.8").encode()
    found = parse_answer(said, "uuid:ab-1", "10.0.0.8")
    assert found is not None
    assert found.host == "10.0.0.8"
    elsewhere = parse_answer(said, "uuid:ab-1", "10.9.9.9")
    assert elsewhere is not None
    assert elsewhere.host == "169.254.1.1"
