"""Which cameras are on this network: WS-Discovery, as ONVIF cameras answer it.

A probe goes out by multicast (WS-Discovery 2005/04, ONVIF Core Specification, 7.3); every camera
answers with its address and what it says of itself. Nothing is signed in to, so no password is
needed and none is sent.
"""

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from uuid import uuid4
from xml.parsers import expat

GROUP = ("239.255.255.250", 3702)
"""Multicast address and port of WS-Discovery."""
PROBES = 2
"""A datagram may be lost."""
MOST = 256
"""Answers that are read: more cameras are no network that one device watches."""
_MAX_BYTES = 65_507
_PROBE = """<?xml version="1.0" encoding="utf-8"?>\
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"\
 xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"\
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"\
 xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header>\
<w:MessageID>uuid:{id}</w:MessageID>\
<w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>\
<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>\
<e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"""
_SCOPE = "onvif://www.onvif.org/"
_TEXTS = {"RelatesTo", "Address", "XAddrs", "Scopes"}


@dataclass(frozen=True)
class Found:
    """A camera that answered."""

    host: str
    name: str
    """what it calls itself; may be empty"""
    hardware: str
    """its model; may be empty"""
    location: str
    services: tuple[str, ...]
    """addresses of its ONVIF services"""


def discover(
    timeout: float, group: tuple[str, int] = GROUP, interface: str | None = None
) -> list[Found]:
    """The cameras that answer within ``timeout`` seconds, by host.

    Args:
        group: where the probe goes.
        interface: address of the network interface; None: the system's choice.

    Raises:
        OSError: the probe cannot be sent.
    """
    wanted = f"uuid:{uuid4()}"
    found: dict[str, Found] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        if interface is not None:
            packed = socket.inet_aton(interface)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, packed)
        for _ in range(PROBES):
            sock.sendto(_PROBE.format(id=wanted.removeprefix("uuid:")).encode(), group)
        for data, host in _answers(sock, timeout):
            camera = parse_answer(data, wanted, host)
            if camera is not None:
                found.setdefault(camera.host, camera)
    return [found[host] for host in sorted(found)]


def _answers(sock: socket.socket, timeout: float) -> Iterator[tuple[bytes, str]]:
    """Datagrams and who sent them."""
    until = time.monotonic() + timeout
    for _ in range(MOST * PROBES):
        left = until - time.monotonic()
        if left <= 0:
            return
        sock.settimeout(left)
        try:
            data, (host, _port) = sock.recvfrom(_MAX_BYTES)
        except TimeoutError:
            return
        yield data, host


def parse_answer(data: bytes, probe: str, sender: str) -> Found | None:
    """The camera of a ProbeMatch; None when it is none, or answers another probe.

    Args:
        probe: the message id that was asked with.
        sender: its host, where its services name none.
    """
    texts = _texts(data)
    if texts is None or _uuid(texts.get("RelatesTo", "")) != _uuid(probe):
        return None
    services = tuple(
        text
        for text in texts.get("XAddrs", "").split()
        if urlsplit(text).scheme in {"http", "https"}
    )
    if not services:
        return None
    scopes = texts.get("Scopes", "").split()
    hosts = [urlsplit(text).hostname or "" for text in services]
    # a camera may name several networks; the one that it answered from is ours
    host = sender if sender in hosts else hosts[0] or sender
    return Found(
        host,
        _scope(scopes, "name"),
        _scope(scopes, "hardware"),
        _scope(scopes, "location"),
        services,
    )


def _uuid(text: str) -> str:
    return text.strip().lower().removeprefix("urn:").removeprefix("uuid:")


def _scope(scopes: list[str], kind: str) -> str:
    start = f"{_SCOPE}{kind}/"
    named = (unquote(text.removeprefix(start)) for text in scopes if text.startswith(start))
    return " ".join(text.replace("_", " ") for text in named)


def _texts(data: bytes) -> dict[str, str] | None:
    """Text by local name of the elements that count; None: no XML, or XML with a document type.

    Whoever is on the network may answer, so entities are refused before they are expanded.
    """
    texts: dict[str, str] = {}
    path: list[str] = []
    parser = expat.ParserCreate()

    def start(name: str, _attributes: dict[str, str]) -> None:
        path.append(name.rpartition(":")[2])

    def characters(text: str) -> None:
        if path and path[-1] in _TEXTS:
            texts[path[-1]] = texts.get(path[-1], "") + text

    def refuse(*_: object) -> None:
        raise ValueError("a document type")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: path.pop()
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError):
        return None
    return texts
