"""What a person may be; who may do what is in :mod:`hub_server.incidents.life`."""

from enum import StrEnum


class Role(StrEnum):
    """网格员, 受理员/派遣员, 技术员, 管理员."""

    WORKER = "worker"
    OPERATOR = "operator"
    TECHNICIAN = "technician"
    ADMIN = "admin"
