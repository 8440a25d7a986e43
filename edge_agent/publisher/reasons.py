"""What a refusal or a broken connection means, as a fault that names field and fix."""

import socket
import ssl

from paho.mqtt.reasoncodes import ReasonCode

from linli_contract.faults import fault

# MQTT 5, table 2-6; paho gives the return codes of MQTT 3.1.1 the same values.
_CONNACK = {
    0x84: "broker_protocol",
    0x86: "broker_credentials",
    0x87: "broker_not_authorised",
    0x8A: "broker_not_authorised",  # banned
    0x8C: "broker_credentials",  # bad authentication method
}
_DISCONNECT = {0x8E: "broker_taken_over", 0x87: "broker_not_authorised"}


def of_refusal(code: ReasonCode) -> str:
    """The fault of a CONNACK that refuses."""
    return fault(_CONNACK.get(code.value, "broker_refused"), str(code))


def of_end(code: ReasonCode | None, answered: bool) -> str:
    """The fault of a connection that ended.

    Args:
        code: from the broker's DISCONNECT, where it sent one.
        answered: whether a CONNACK had come before.
    """
    if not answered:
        return fault("broker_closed")
    if code is not None and code.value in _DISCONNECT:
        return fault(_DISCONNECT[code.value], str(code))
    return fault("broker_lost", str(code) if code is not None else "")


def of_error(error: Exception) -> str:
    """The fault of a connection that could not be made."""
    match error:
        case ssl.SSLError():
            return fault("broker_tls", getattr(error, "verify_message", "") or error.reason or "")
        case socket.gaierror():
            return fault("broker_unreachable", "name not known")
        case ConnectionRefusedError():
            return fault("broker_unreachable", "nothing listens on the port")
        case TimeoutError():
            return fault("broker_unreachable", "no answer")
    return fault("broker_unreachable", getattr(error, "strerror", None) or type(error).__name__)
