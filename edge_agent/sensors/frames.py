"""Frames of serial particulate matter sensors, found in a stream of bytes; µg/m³."""

from typing import NamedTuple


class Frame(NamedTuple):
    """One valid frame."""

    pm2_5: float
    pm10: float


class Scan(NamedTuple):
    """What a buffer holds."""

    newest: Frame | None
    rest: bytes
    """What may be the beginning of the next frame."""
    bad: int
    """Frames whose checksum or ends are wrong."""


_PMS_HEAD, _PMS_BYTES = b"\x42\x4d", 32
_SDS_HEAD, _SDS_BYTES, _SDS_TAIL = b"\xaa\xc0", 10, 0xAB


def scan(model: str, buffer: bytes) -> Scan:
    """The newest valid frame of ``pms5003`` or ``sds011`` in ``buffer``."""
    head, size, parse = {
        "pms5003": (_PMS_HEAD, _PMS_BYTES, parse_pms5003),
        "sds011": (_SDS_HEAD, _SDS_BYTES, parse_sds011),
    }[model]
    newest, bad = None, 0
    while (at := buffer.find(head)) >= 0 and len(buffer) - at >= size:
        frame = parse(buffer[at : at + size])
        if frame is None:
            bad += 1
            buffer = buffer[at + 1 :]  # the head may have been data; look on behind it
        else:
            newest, buffer = frame, buffer[at + size :]
    return Scan(newest, buffer[-(size - 1) :] if at < 0 else buffer[at:], bad)


def parse_pms5003(frame: bytes) -> Frame | None:
    """A Plantower PMS5003 frame of 32 bytes (data manual, appendix I: transport protocol).

    0x42 0x4d, length 28, thirteen big-endian words, the last of them the sum of all bytes before
    it. Words 4 to 6 are PM1.0, PM2.5 and PM10 "under atmospheric environment".
    """
    words = [int.from_bytes(frame[at : at + 2], "big") for at in range(2, 32, 2)]
    if words[0] != 28 or words[-1] != sum(frame[:30]):
        return None
    return Frame(pm2_5=float(words[5]), pm10=float(words[6]))


def parse_sds011(frame: bytes) -> Frame | None:
    """A Nova SDS011 frame of 10 bytes (laser dust sensor control protocol V1.3).

    0xAA 0xC0, PM2.5 and PM10 as little-endian tenths, two bytes of id, the sum of these six modulo
    256, 0xAB.
    """
    if frame[9] != _SDS_TAIL or sum(frame[2:8]) % 256 != frame[8]:
        return None
    fine, coarse = (int.from_bytes(frame[at : at + 2], "little") for at in (2, 4))
    return Frame(fine / 10, coarse / 10)
