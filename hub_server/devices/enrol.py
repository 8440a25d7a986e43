"""Enrols a device: in the ledger and as a bundle on disk, both or neither."""

from datetime import datetime
from pathlib import Path

from hub_server.devices.bundle import Order, new_token, write_bundle
from hub_server.devices.desired import line_up
from hub_server.devices.registry import NewDevice, register
from hub_server.ledger.engine import Ledger


def enrol(
    ledger: Ledger, order: Order, grid: str, out: Path, now: datetime, *, replace: bool = False
) -> None:
    """Register the device of ``order`` in ``grid`` and write its bundle into ``out``.

    Raises:
        ConfigError: the grid is unknown, the device is known and not ``replace``, or ``out``
            is not empty; nothing is registered then.
    """
    token = new_token()
    new = NewDevice(order.device, order.county, order.profile.name, grid, order.site)
    with ledger.write() as conn:
        register(conn, new, token, now, replace=replace)
        line_up(conn, order.device)  # a wish of before it was revoked counts again
        write_bundle(order, token, out)
