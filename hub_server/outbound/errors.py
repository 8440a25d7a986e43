"""What a delivery can meet.

DeliveryError      the message did not arrive
├── RetryLater     it may arrive later: no answer, a busy or broken receiver, a wrong key
└── Refused        the receiver will never take this message
"""


class DeliveryError(Exception):
    """The message did not arrive; the text is kept with the row and shown."""


class RetryLater(DeliveryError):  # noqa: N818 - named by what to do next
    """It may arrive later; the row stays and its turn comes again."""


class Refused(DeliveryError):  # noqa: N818 - named by what to do next
    """The receiver will never take this message; the row is marked failed and shown."""
