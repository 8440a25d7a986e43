"""What only the ledger can tell about a tap."""

from sqlalchemy import Connection, select

from hub_server.auth.roles import Role
from hub_server.incidents.taps import BadTap, Tap
from hub_server.ledger.tables import pictures, users


def check_worker(conn: Connection, tap: Tap, grid: str) -> None:
    """Refuse to dispatch to anybody but a worker who serves ``grid``.

    Raises:
        BadTap: names whom.
    """
    if tap.worker is None:
        return
    query = select(users.c.area).where(
        users.c.name == tap.worker,
        users.c.role == Role.WORKER.value,
        users.c.disabled.is_(False),
    )
    area = conn.scalar(query)
    if area is None or not grid.startswith(area):
        raise BadTap("worker", f"expected a worker of grid {grid}, got {tap.worker!r}")


def check_uploaded(conn: Connection, tap: Tap) -> None:
    """Refuse pictures that the hub does not have yet.

    Raises:
        BadTap: names them.
    """
    wanted = {picture.sha256 for picture in tap.pictures}
    known = set(conn.scalars(select(pictures.c.sha256).where(pictures.c.sha256.in_(wanted))))
    if missing := wanted - known:
        raise BadTap("pictures", f"not uploaded yet: {', '.join(sorted(missing))}")
