"""What the hub may order beside a test event: a picture, a reconnect, another log level."""

import logging
from collections.abc import Callable

from msgspec import to_builtins

from edge_agent.camera_set import CameraSet, NoPicture
from edge_agent.remote import CommandError, choice
from linli_contract.payloads import Picture

LEVELS = ("debug", "info", "warning", "error")
Handler = Callable[[dict[str, object]], dict[str, object]]


def snapshot(cameras: CameraSet, send: Callable[[Picture], None]) -> Handler:
    """The command ``snapshot`` with the argument ``camera``: a picture through the one door, which
    follows by HTTPS under the hash that the reply names.

    Args:
        send: puts the kept picture on its way.
    """

    def order(args: dict[str, object]) -> dict[str, object]:
        camera = choice(args, "camera", cameras.names())
        try:
            picture = cameras.snapshot(camera)
        except NoPicture as error:
            raise CommandError(f"没有图片 · no picture: {error}") from error
        send(picture)
        return {"camera": camera, "picture": to_builtins(picture)}

    return order


def restart_camera(cameras: CameraSet) -> Handler:
    """The command ``restart_camera`` with the argument ``camera``: connects it anew; what is open
    goes on."""

    def order(args: dict[str, object]) -> dict[str, object]:
        camera = choice(args, "camera", cameras.names())
        if not cameras.reconnect(camera):
            zh = f"摄像头 {camera} 还没有打开，或其模型失效"
            raise CommandError(f"{zh} · camera: {camera} is not open yet, or its model failed")
        return {"camera": camera}

    return order


def set_log_level(level: str) -> None:
    """From now on ``level`` and above are logged."""
    logging.getLogger().setLevel(level.upper())


def log_level(args: dict[str, object]) -> dict[str, object]:
    """The command ``log_level`` with the argument ``level``; holds until the next start or the
    next configuration."""
    level = choice(args, "level", LEVELS)
    set_log_level(level)
    return {"level": level}
