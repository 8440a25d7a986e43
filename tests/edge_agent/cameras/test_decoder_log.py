"""What FFmpeg says arrives in our log, redacted and in measure."""

import logging

from structlog.testing import capture_logs

from edge_agent.cameras import decoder_log
from edge_agent.cameras.decoder_log import capture_decoder_log


def test_addresses_are_redacted_and_a_flood_is_counted() -> None:
    capture_decoder_log()
    capture_decoder_log()
    heard = logging.getLogger("libav")
    assert len([row for row in heard.handlers if type(row).__module__ == decoder_log.__name__]) == 1
    part = logging.getLogger("libav.rtsp-test")
    with capture_logs() as logs:
        for _ in range(1000):
            part.error("method DESCRIBE failed: rtsp://viewer:p@ss:w/rd%@10.0.0.8/ch1: 401")
    assert [(log["part"], log["said"]) for log in logs] == [
        ("rtsp-test", "method DESCRIBE failed: rtsp://***@10.0.0.8/ch1: 401")
    ]
    assert not heard.propagate, "nobody else prints it unredacted"
