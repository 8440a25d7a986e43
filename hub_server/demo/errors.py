"""Why a demo ends early."""


class DemoError(Exception):
    """The demo cannot go on; the message says what to do."""


class StepFailed(DemoError):  # noqa: N818 - it names what happened, as the summary prints it
    """A step of the story did not happen in time."""

    def __init__(self, step: str, detail: str) -> None:
        self.step = step
        super().__init__(f"step '{step}' failed: {detail}")
