"""``edge-agent cameras discover``: which cameras are on this network."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from edge_agent.cameras.onvif import Found, discover
from linli_settings import ConfigError
from linli_settings.units import parse_duration

app = typer.Typer(no_args_is_help=True, help="摄像头 · Cameras.")
EXIT_FAULT = 1


@app.callback()
def _cameras() -> None:
    """Makes ``discover`` a command of its own."""


@app.command("discover")
def discover_cameras(
    timeout: Annotated[str, typer.Option(help="等待时间 · How long to wait, such as 3s.")] = "3s",
    interface: Annotated[
        str | None, typer.Option(help="本机网卡地址 · Address of this device's network interface.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """查找网络摄像头（ONVIF）· Find network cameras (ONVIF); signs in to none."""
    found = _find(_seconds(timeout), interface)
    if as_json:
        typer.echo(json.dumps([asdict(camera) for camera in found], ensure_ascii=False))
        return
    for camera in found:
        typer.echo(line(camera))
    if not found:
        typer.echo(
            "没有摄像头应答：检查网线、网段，并在摄像头上启用 ONVIF · "
            "no camera answers: check the cable and the subnet, and enable ONVIF on the camera"
        )
        raise typer.Exit(EXIT_FAULT)
    typer.echo(
        "地址写入 cameras.source.url，密码写成引用 · "
        "its stream goes to cameras.source.url, its password there as a reference (file: or env:)"
    )


def line(camera: Found) -> str:
    """One camera for people."""
    about = " · ".join(text for text in (camera.name, camera.hardware, camera.location) if text)
    return f"{camera.host}  {about or '–'}  {camera.services[0]}"


def _find(timeout: float, interface: str | None) -> list[Found]:
    try:
        return discover(timeout, interface=interface)
    except OSError as error:
        typer.echo(f"网络不可用 · the probe cannot be sent: {error.strerror or error}", err=True)
        raise typer.Exit(EXIT_FAULT) from None


def _seconds(text: str) -> float:
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        expected, _, fix = str(error).partition(" - ")
        raise ConfigError.one("--timeout", "timeout", expected, repr(text), fix) from None
    if not 0 < seconds <= 60:
        raise ConfigError.one("--timeout", "timeout", "a duration up to 60s", repr(text))
    return seconds
