"""What the API gives about people, cases and figures."""

from datetime import datetime

from pydantic import BaseModel, Field, JsonValue

from hub_server.auth.roles import Role
from hub_server.incidents.due import DueState
from hub_server.incidents.life import Action, State


class Bilingual(BaseModel):
    zh: str
    en: str


class Person(Bilingual):
    name: str
    role: Role
    area: str = Field(description="Sees codes that start with it")
    phone: str


class Session(BaseModel):
    token: str
    expires_at: datetime
    user: Person


class Reason(Bilingual):
    values: dict[str, JsonValue] = {}


class Incident(BaseModel):
    """A case as lists show it."""

    id: str
    number: str = Field(description="The case number people say")
    type: str
    code: str
    state: State
    colour: str = Field(description="Warning colour: blue, yellow, orange, red")
    severity: str
    grid: str
    area: Bilingual
    device: str
    source: str
    source_name: Bilingual
    zone: str
    lat: float = Field(description="WGS-84 degrees")
    lon: float = Field(description="WGS-84 degrees")
    reason: Reason
    occurred_at: datetime
    opened_at: datetime
    updated_at: datetime
    due_at: datetime | None
    due_state: DueState | None = Field(
        description="normal, due_soon, overdue; unknown: no holidays are known; null: no limit"
    )
    due_fault: str = Field(description="Why the limit is not known")
    closed_at: datetime | None
    ended_at: datetime | None
    worker: str | None
    check_result: str | None
    rework_count: int
    alert_count: int
    late: bool
    county_case: str | None
    change: int = Field(description="Grows over all cases with every change")
    picture: str | None = Field(description="SHA-256 of the newest picture the hub has")


class Step(BaseModel):
    seq: int
    action: str
    from_state: str
    to_state: State
    actor: str
    at: datetime
    note: str
    detail: dict[str, JsonValue]


class Picture(BaseModel):
    sha256: str
    kind: str
    step: int | None
    received: bool = Field(description="False while it is still on its way")


class AlertOf(BaseModel):
    id: str
    rule: str
    type: str
    colour: str
    zone: str
    time: datetime
    fired_at: datetime
    late: bool
    reason: Reason
    labels: dict[str, str] = {}
    ended_at: datetime | None = None
    end_cause: str = ""


class PersonOf(Bilingual):
    name: str
    role: Role
    phone: str


class IncidentDetail(Incident):
    """A case with everything that belongs to it."""

    steps: list[Step]
    pictures: list[Picture]
    alerts: list[AlertOf]
    people: list[PersonOf] = Field(description="Who acts or acted, to be named and called")
    actions: list[Action] = Field(description="Those I may take now")


class IncidentPage(BaseModel):
    items: list[Incident]
    last_change: int


class ChangesOf(BaseModel):
    last: int
    incidents: list[str]


class Worker(Bilingual):
    name: str
    area: str
    phone: str


class Area(Bilingual):
    code: str
    level: str
    outline: list[tuple[float, float]] = Field(description="WGS-84 ring of (lon, lat)")


class EventTypeOf(Bilingual):
    name: str
    colour: str
    code: str


class OutboundOf(BaseModel):
    waiting: int
    failed: int


class Stats(BaseModel):
    received: int
    stored: int
    duplicates: int
    quarantined: int
    dropped: int
    incidents: dict[str, int] = Field(description="Cases by state")
    outbound: dict[str, OutboundOf] = Field(description="What waits or was refused, by target")


class Alive(BaseModel):
    alive: bool
    fault: str = ""
    """What hangs."""


class Health(BaseModel):
    alive: bool
    ready: bool
    checks: dict[str, bool]
    faults: dict[str, str] = {}
    """Why, for each check that is not passed."""
