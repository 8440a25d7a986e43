"""A real hub for the phone page: its API over a ledger on disk, with a county's people in it."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from sqlalchemy import insert, update

from hub_server.alerting.types import Alert, Reason, alert_id
from hub_server.api.app import create_app
from hub_server.api.services import Services
from hub_server.auth.roles import Role
from hub_server.auth.tokens import TokenKey, make_link_code
from hub_server.auth.users import User, add_user
from hub_server.incidents.incident_types import load_incident_types
from hub_server.incidents.opening import Joined, open_or_join
from hub_server.incidents.policy import OpeningPolicy
from hub_server.ledger.engine import Ledger, open_ledger
from hub_server.ledger.tables import areas, devices, incidents, sources
from hub_server.pictures import PictureStore, record
from linli_contract.event_types import EVENT_TYPES, Colour
from tests.hub_server.serving import served

ROOT = Path(__file__).resolve().parents[2]
COUNTY, GRID, DEVICE = "330899", "330899001001002", "pi-0001"
PASSWORD = "only for this test"
KEY = TokenKey("a signing secret that only this test knows, long enough")

PEOPLE = (
    User("wangfang", Role.WORKER, "330899001001", "王芳", "Wang Fang", "13800000001"),
    User("zhaomin", Role.OPERATOR, COUNTY, "赵敏", "Zhao Min", "13800000002"),
    User("qianjun", Role.TECHNICIAN, COUNTY, "钱军", "Qian Jun", "13800000003"),
)
PLACES = (
    ("gate", "camera", "东门", "East gate", 29.1177, 119.1722),
    ("gas-1", "sensor", "食堂燃气探头", "Canteen gas probe", 29.1163, 119.1699),
    ("level-1", "sensor", "下穿道水位计", "Underpass water gauge", 29.1149, 119.1741),
)
REASONS = {
    "intrusion": (
        "2 人进入“内院”，停留 6 秒（限 5 秒）",
        "2 people in the courtyard for 6 s (limit 5 s)",
    ),
    "gas_leak": ("燃气浓度 27 %LEL（限 25 %LEL）", "Gas at 27 %LEL (limit 25 %LEL)"),
    "waterlogging": ("积水深 11 cm（限 10 cm）", "Water 11 cm deep (limit 10 cm)"),
    "crowd": (
        "内院聚集 12 人，已 3 分钟（限 10 人）",
        "12 people in the courtyard for 3 min (limit 10)",
    ),
}


@dataclass
class Hub:
    """What a test does to the hub from behind the page."""

    url: str
    ledger: Ledger
    services: Services

    def open(
        self,
        kind: str,
        source: str,
        colour: Colour | None = None,
        age_s: float = 0,
        jpeg: bytes = b"",
    ) -> str:
        """An incident as an alert opens it, with a picture if one is given; its id."""
        now = datetime.now(UTC)
        place = next(p for p in PLACES if p[0] == source)
        pictures = ((self._keep(jpeg), "near"),) if jpeg else ()
        alert = Alert(
            id=alert_id(kind, source, now.isoformat()),
            rule=kind,
            rules_version="1",
            type=kind,
            colour=colour or EVENT_TYPES[kind].colour,
            county=COUNTY,
            device=DEVICE,
            source=source,
            zone="courtyard",
            grid=GRID,
            lat=place[4],
            lon=place[5],
            time=now - timedelta(seconds=age_s),
            fired_at=now,
            reason=Reason(*REASONS[kind], {}),
            group_key=f"{kind}/{source}",
            pictures=pictures,
        )
        types = load_incident_types(ROOT / "rules" / "incident_types.yaml")
        with self.ledger.write() as conn:
            done = open_or_join(conn, alert, OpeningPolicy(COUNTY, types), now)
        assert not isinstance(done, Joined)
        self.services.changes.signal()
        return done.incident

    def set_due(self, incident: str, minutes: float) -> None:
        """Let an incident's time run out ``minutes`` from now."""
        due = datetime.now(UTC) + timedelta(minutes=minutes)
        with self.ledger.write() as conn:
            conn.execute(update(incidents).where(incidents.c.id == incident).values(due_at=due))

    def mend_device(self) -> None:
        """Let the device's next heartbeat be a good one."""
        now = datetime.now(UTC)
        good = {"time": now.isoformat(), "version": "0.1.0", "uptime_s": 190_030, "state": "ok"}
        beat = {**good, "cameras": [{"name": "gate", "state": "ok", "fps_inferred": 4.9}]}
        change = update(devices).where(devices.c.device == DEVICE)
        with self.ledger.write() as conn:
            conn.execute(change.values(health=beat, last_seen=now))

    def link(self, name: str) -> str:
        """A sign-in link for a person."""
        code = make_link_code(name, KEY.secret, datetime.now(UTC), timedelta(hours=1))
        return f"{self.url}/#/in/{code}"

    def _keep(self, jpeg: bytes) -> str:
        sha256 = hashlib.sha256(jpeg).hexdigest()
        self.services.pictures.write(sha256, jpeg)
        with self.ledger.write() as conn:
            record(conn, sha256, len(jpeg), datetime.now(UTC), device=DEVICE)
        return sha256


def _health() -> dict[str, object]:
    cameras = [
        {"name": "gate", "state": "ok", "fps_in": 15.0, "fps_inferred": 4.9},
        {"name": "yard", "state": "fault", "fault": "no_frames"},
    ]
    return {
        "time": datetime.now(UTC).isoformat(),
        "version": "0.1.0",
        "uptime_s": 190_000,
        "state": "fault",
        "cameras": cameras,
        "lanes": [{"lane": "events", "waiting": 3}],
        "cpu_percent": 41,
        "temperature_c": 57,
        "disk_free_mb": 21_500,
    }


def _fill(ledger: Ledger) -> None:
    now = datetime.now(UTC)
    registry = yaml.safe_load((ROOT / "rules" / "areas.yaml").read_text("utf-8"))["areas"]
    device = {"county": COUNTY, "profile": "raspberry-pi-5", "grid": GRID, "enrolled_at": now}
    with ledger.write() as conn:
        conn.execute(insert(areas), registry)
        values = {"token_hash": "-", "state": "online", "last_seen": now, "health": _health()}
        conn.execute(insert(devices).values(device=DEVICE, **device, **values))
        conn.execute(insert(devices).values(device="pi-0002", token_hash="-", **device))
        for name, kind, zh, en, lat, lon in PLACES:
            place = {"name": name, "kind": kind, "zh": zh, "en": en, "lat": lat, "lon": lon}
            conn.execute(insert(sources).values(device=DEVICE, grid=GRID, **place))
        for person in PEOPLE:
            add_user(conn, person, PASSWORD)


@contextmanager
def phone_hub(folder: Path) -> Iterator[Hub]:
    """A running hub whose files are in ``folder``."""
    ledger = open_ledger(f"sqlite:///{folder / 'ledger.sqlite'}")
    ledger.migrate()
    _fill(ledger)
    services = Services(ledger, PictureStore(folder / "pictures"), KEY)
    try:
        with served(create_app(services)) as url:
            yield Hub(url, ledger, services)
    finally:
        ledger.close()
