"""A device's account at the broker: its line of the password file and of the ACL."""

import base64
import hashlib
import secrets

from linli_contract.topics import UPWARD, Channel, build, device_filters

# Mosquitto's own count; the password is 192 random bits, so that stretching adds nothing.
ITERATIONS = 101
_SALT_BYTES = 12


def password_line(username: str, password: str, salt: bytes | None = None) -> str:
    """``name:$7$iterations$salt$hash``: PBKDF2 with SHA-512, as mosquitto_passwd writes it."""
    salt = salt or secrets.token_bytes(_SALT_BYTES)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    parts = (base64.b64encode(part).decode() for part in (salt, digest))
    return f"{username}:$7${ITERATIONS}${'$'.join(parts)}"


def acl_lines(county: str, device: str) -> str:
    """What the device may publish and subscribe to: only under its own name."""
    up = (f"topic write {_filter(county, device, channel)}" for channel in UPWARD)
    down = (f"topic read {one}" for one in device_filters(county, device))
    return "\n".join([f"user {device}", *up, *down]) + "\n"


def _filter(county: str, device: str, channel: Channel) -> str:
    named = channel in (Channel.EVENT, Channel.REPLY)
    topic = build(county, device, channel, "x" if named else "")
    return topic.removesuffix("/x") + "/+" if named else topic
