"""A small county for tests: a real ledger on disk with areas, people, a device and cases."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, select

from hub_server.auth.roles import Role
from hub_server.auth.users import User, add_user
from hub_server.devices.registry import token_hash
from hub_server.ledger.counters import next_change
from hub_server.ledger.engine import Ledger, open_ledger
from hub_server.ledger.tables import areas, devices, incidents, outbound, sources, steps
from hub_server.outbound.enqueue import incident_changed
from tests.support.migrated import put_sqlite

COUNTY = "330899"
GRID = "330899001001001"
OTHER_GRID = "330899002001001"
DEVICE_TOKEN = "lld_test-token-of-pi-0001"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PASSWORD = "a long password"


@dataclass
class Clock:
    """Virtual time."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class World:
    ledger: Ledger
    clock: Clock = field(default_factory=Clock)

    def open_incident(
        self,
        name: str = "case-1",
        *,
        grid: str = GRID,
        kind: str = "intrusion",
        late: bool = False,
        targets: tuple[str, ...] = (),
    ) -> str:
        """A case at pending_verify, as an alert opens it."""
        with self.ledger.write() as conn:
            conn.execute(
                insert(incidents).values(
                    id=name,
                    number=f"N-{name}",
                    type=kind,
                    code="0400",
                    group_key=name,
                    state="pending_verify",
                    colour="orange",
                    severity="general",
                    grid=grid,
                    device="pi-0001",
                    source="gate",
                    zone="courtyard",
                    lat=29.1,
                    lon=118.9,
                    reason={"zh": "院内有人", "en": "person in the courtyard", "values": {"n": 1}},
                    occurred_at=self.clock.now,
                    opened_at=self.clock.now,
                    updated_at=self.clock.now,
                    late=late,
                    change=next_change(conn),
                )
            )
            step = insert(steps).values(
                incident=name,
                action="report",
                from_state="reported",
                to_state="pending_verify",
                actor="linli",
                at=self.clock.now,
                detail={},
            )
            seq = int(conn.execute(step.returning(steps.c.seq)).scalar_one())
            incident_changed(conn, name, seq, targets, self.clock.now)
        return name

    def row(self, incident: str) -> dict[str, object]:
        with self.ledger.read() as conn:
            query = select(incidents).where(incidents.c.id == incident)
            return dict(conn.execute(query).mappings().one())

    def steps_of(self, incident: str) -> list[str]:
        with self.ledger.read() as conn:
            query = select(steps.c.action).where(steps.c.incident == incident)
            return list(conn.scalars(query.order_by(steps.c.seq)))

    def outbound_rows(self, target: str) -> list[dict[str, object]]:
        with self.ledger.read() as conn:
            query = select(outbound).where(outbound.c.target == target).order_by(outbound.c.seq)
            return [dict(row) for row in conn.execute(query).mappings()]


PEOPLE = (
    User("li", Role.WORKER, GRID, "李网格", "Li", "13800000001"),
    User("wang", Role.WORKER, OTHER_GRID, "王网格", "Wang"),
    User("zhao", Role.OPERATOR, COUNTY, "赵受理", "Zhao"),
    User("qian", Role.TECHNICIAN, COUNTY, "钱技术", "Qian"),
    User("admin", Role.ADMIN, COUNTY, "管理员", "Admin"),
)


def make_world(folder: Path) -> World:
    """A migrated SQLite ledger in ``folder`` with the county's registry in it."""
    put_sqlite(folder / "ledger.sqlite")
    ledger = open_ledger(f"sqlite:///{folder / 'ledger.sqlite'}")
    with ledger.write() as conn:
        for code, level in ((COUNTY, "county"), (GRID, "grid"), (OTHER_GRID, "grid")):
            ring = [[118.9, 29.1], [118.91, 29.1], [118.91, 29.11]]
            conn.execute(
                insert(areas).values(code=code, level=level, zh=f"区{code}", en=code, outline=ring)
            )
        conn.execute(
            insert(devices).values(
                device="pi-0001",
                county=COUNTY,
                profile="raspberry-pi-5",
                grid=GRID,
                token_hash=token_hash(DEVICE_TOKEN),
                enrolled_at=START,
            )
        )
        place = {"device": "pi-0001", "name": "gate", "kind": "camera", "grid": GRID}
        conn.execute(insert(sources).values(**place, zh="大门", en="Gate", lat=29.1, lon=118.9))
        for person in PEOPLE:
            # Hashing is slow by design: only one person gets a password.
            add_user(conn, person, PASSWORD if person.name == "zhao" else None)
    return World(ledger)


def jpeg(mark: str) -> bytes:
    """Bytes that begin and end as a JPEG does."""
    return b"\xff\xd8\xff\xe0" + mark.encode() * 20 + b"\xff\xd9"


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
