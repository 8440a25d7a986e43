"""Which topics the broker refuses. Only MQTT 5 tells; on 3.1.1 a refusal looks like success and
the row merely stays unconfirmed."""

from collections.abc import Iterable

from linli_contract.faults import fault


class Refusals:
    """Topics whose last publish was refused."""

    def __init__(self) -> None:
        self._topic_of: dict[int, str] = {}  # of rows in flight: bounded by the window
        self._refused: dict[str, int] = {}

    def handed(self, sequence: int, topic: str) -> None:
        """A row goes to the broker."""
        self._topic_of[sequence] = topic

    def accepted(self, sequences: Iterable[int]) -> None:
        """The broker took them: their topics are allowed (again)."""
        for sequence in sequences:
            self._refused.pop(self._topic_of.pop(sequence, ""), None)

    def refused(self, sequences: Iterable[int]) -> list[str]:
        """The broker refused them; gives the topics that were not known as refused."""
        new = []
        for sequence in sequences:
            topic = self._topic_of.pop(sequence, "")
            if topic not in self._refused:
                new.append(topic)
            self._refused[topic] = self._refused.get(topic, 0) + 1
        return new

    def faults(self) -> list[str]:
        """One fault for each refused topic, with how often."""
        return [
            fault("publish_refused", f"{topic} × {count}")
            for topic, count in sorted(self._refused.copy().items())
        ]
