"""The decoder's own log lines, redacted, in our log.

FFmpeg writes addresses with credentials into its messages, and a broken stream makes thousands
of them: each part of it is heard once in a while, and what was left out is counted.
"""

import logging
import threading
import time

import av.logging
import structlog

from linli_settings import redact

QUIET_S = 10.0
"""One line of each part of FFmpeg in so long."""
MOST_PARTS = 100
_once = threading.Lock()


class _ToOurLog(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._heard: dict[str, tuple[float, int]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        part = record.name.removeprefix("libav.")
        if part == "swscaler":  # about our own conversion to BGR, the same for every frame
            return
        now = time.monotonic()
        last, left_out = self._heard.get(part, (-QUIET_S, 0))
        if now - last < QUIET_S or len(self._heard) > MOST_PARTS:
            self._heard[part] = (last, left_out + 1)
            return
        self._heard[part] = (now, 0)
        # most of it is a damaged frame, which the camera counts
        log = structlog.get_logger("edge_agent.cameras.decoder")
        log.info("decoder", part=part, said=redact(record.getMessage()), left_out=left_out)


def capture_decoder_log() -> None:
    """Send FFmpeg's warnings to our log; at the second call nothing changes."""
    with _once:
        logger = logging.getLogger("libav")
        if not any(isinstance(handler, _ToOurLog) for handler in logger.handlers):
            logger.propagate = False
            logger.addHandler(_ToOurLog())
            av.logging.set_level(av.logging.WARNING)
