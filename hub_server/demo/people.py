"""Who uses the demo: one person of each role, signed in by a link."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from hub_server.auth.roles import Role
from hub_server.auth.tokens import make_link_code
from hub_server.auth.users import User, add_user
from hub_server.demo.layout import COUNTY

LINK_LIFE = timedelta(hours=12)
PEOPLE = (
    User("wang-min", Role.WORKER, "330899001001", "网格员 王敏", "Wang Min, grid worker"),
    User("li-qiang", Role.OPERATOR, COUNTY, "受理员 李强", "Li Qiang, operator"),
    User("chen-gong", Role.TECHNICIAN, COUNTY, "技术员 陈工", "Chen, technician"),
)


def add_people(conn: Connection) -> None:
    """Write them; none has a password, only the link lets them in."""
    for person in PEOPLE:
        add_user(conn, person)


def links(hub_url: str, secret: str, now: datetime) -> dict[str, str]:
    """Name → the page's address that signs this person in."""
    return {
        person.name: f"{hub_url}/#/in/{make_link_code(person.name, secret, now, LINK_LIFE)}"
        for person in PEOPLE
    }
