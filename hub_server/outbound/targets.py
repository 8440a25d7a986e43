"""Joins the drains to what they drain into: the county link and the notifiers."""

from typing import cast

from sqlalchemy import Connection

from hub_server.county_link import CountyLink
from hub_server.county_link.callback import keep_case_id
from hub_server.notifiers import Notifier
from hub_server.outbound.drain import Message, Target
from hub_server.outbound.enqueue import COUNTY
from hub_server.outbound.messages import CountyEvent
from hub_server.outbound.notices import Notice


def notifier_target(name: str, notifier: Notifier) -> Target:
    """Rows of the notifier ``name``."""

    def deliver(message: Message) -> str:
        notifier.notify(message.key, cast(Notice, message.payload))
        return ""

    return Target(name, deliver)


def county_target(link: CountyLink) -> Target:
    """Rows for the county; its case id is kept with the incident."""

    def deliver(message: Message) -> str:
        return link.push(cast(CountyEvent, message.payload))

    def keep(conn: Connection, message: Message, reference: str) -> None:
        if reference:
            keep_case_id(conn, message.incident, reference)

    return Target(COUNTY, deliver, keep)
