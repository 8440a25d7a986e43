"""Errors of the wire.

ContractError            anything on the wire that is not what the contract says
├── TopicError           the topic's shape or one of its names is wrong
├── DecodeError          the bytes are no valid envelope or payload
└── UnknownVersionError  a major version this program does not speak
"""


class ContractError(ValueError):
    """Something on the wire is not what the contract says; ``reason`` is a stable code."""

    reason = "contract"


class TopicError(ContractError):
    """A topic's shape or one of its names is wrong."""

    reason = "topic"


class DecodeError(ContractError):
    """The bytes are no valid envelope or payload."""

    reason = "undecodable"


class UnknownVersionError(ContractError):
    """A major version this program does not speak."""

    reason = "unknown_version"
