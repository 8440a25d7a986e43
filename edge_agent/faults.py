"""What is at fault now: each stage's code stays until that stage works again."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

MODEL_FAILED = "model_failed"
TRACKING_FAILED = "tracking_failed"
BEHAVIOUR_FAILED = "behaviour_failed"
PRIVACY_FAILED = "privacy_failed"
OUTBOX_FAILED = "outbox_failed"
FLOW_FAILED = "flow_failed"
HOLIDAYS_UNKNOWN = "holidays_unknown"


class StageError(Exception):
    """A stage of the flow failed; already noted and logged."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Faults:
    """The faults of one camera's flow; logs each when it comes and when it goes.

    Written by one thread, read by any.
    """

    def __init__(self, camera: str) -> None:
        self._now: dict[str, str] = {}
        self._log = structlog.get_logger(__name__).bind(camera=camera)

    def note(self, code: str, error: BaseException) -> None:
        """``code`` is at fault; the first time it is logged with its cause."""
        if code not in self._now:
            self._log.error("fault", code=code, exc_info=error)
        self._now = {**self._now, code: f"{type(error).__name__}: {error}"}

    def clear(self, code: str) -> None:
        """``code`` works (again)."""
        if code in self._now:
            self._log.info("fault is over", code=code)
            self._now = {key: text for key, text in self._now.items() if key != code}

    def first(self) -> str:
        """The code that has been at fault longest; empty without a fault."""
        return next(iter(self._now), "")

    @contextmanager
    def stage(self, code: str) -> Iterator[None]:
        """Whatever the block raises is noted under ``code``; a block that passes clears it.

        Raises:
            StageError: the block raised.
        """
        try:
            yield
        except Exception as error:
            self.note(code, error)
            raise StageError(code) from error
        self.clear(code)
