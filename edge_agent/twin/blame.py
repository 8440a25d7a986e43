"""Which faults a configuration can have caused."""

from collections.abc import Iterable

from linli_contract.payloads import CameraHealth

_NOT_OURS = ("broker_", "publish_", "subscribe_", "hub_", "picture_refused", "clock_", "outbox_")
_MACHINE = ("disk_low", "too_hot", "throttled", "metrics_failed", "twin_refused")


def at_fault(cameras: Iterable[CameraHealth], faults: Iterable[str]) -> dict[str, str]:
    """What is red, as name → the fault's text; the link, the clock and the machine are left out:
    no configuration that may be wished changes them."""
    found = {
        f"camera {camera.name}": f"{camera.name}: {camera.fault}"
        for camera in cameras
        if camera.state == "fault"
    }
    for text in faults:
        code = text.partition(": ")[0]
        if not code.startswith(_NOT_OURS) and code not in _MACHINE:
            found[text] = text
    return found
