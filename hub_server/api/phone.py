"""Serves the built phone page: hashed assets cached for a year, the page itself never."""

from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

import hub_server

_NOT_BUILT = """<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>邻里 Linli</title>
<h1>邻里 Linli</h1>
<p>手机页面尚未构建。在项目目录运行 <code>make phone</code>，然后刷新。</p>
<p>The phone page is not built yet. Run <code>make phone</code> in the project and reload.</p>
"""
_FOREVER = "public, max-age=31536000, immutable"


def built_page() -> Path:
    """Where the build puts the page, in a checkout and in an installed wheel."""
    return Path(hub_server.__file__).parent / "phone" / "dist"


class _Assets(StaticFiles):
    """Names hold a hash of the content, so they never change."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = _FOREVER
        return response


def add_phone(app: FastAPI, folder: Path) -> None:
    """Mount the page at ``/``; without a build, a page that says how to make one."""
    if (folder / "assets").is_dir():
        app.mount("/assets", _Assets(directory=folder / "assets"))
    app.include_router(_pages(folder))


def _pages(folder: Path) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    def page() -> Response:
        if not (folder / "index.html").is_file():
            return HTMLResponse(_NOT_BUILT, status_code=503)
        return FileResponse(folder / "index.html", headers={"Cache-Control": "no-cache"})

    @router.get("/{name}")
    def file(name: str) -> Response:
        """Icons and the manifest beside the page; any other address is the page's own."""
        known = {one.name: one for one in folder.glob("*") if one.is_file()}
        return FileResponse(known[name]) if name in known else page()

    return router
