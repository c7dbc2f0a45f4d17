"""The app that `ccm serve` runs."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException

from ccm.api.guard import Guard
from ccm.api.limits import RateLimits
from ccm.api.routes import health, preferences
from ccm.pipeline.project import Project


def make_app(project: Project, *, hosts: tuple[str, ...] = (), longest_wait: float = 0) -> FastAPI:
    """The app over an open project. It answers to the host of ``organisation.preference_url`` and to `hosts`.

    `longest_wait`: up to so many seconds after the answer a lost link that was asked for is looked for. Raises as
    `Project.links`, for without its key no link could be read, and `TemplateError` where the communication that brings
    lost links has mistakes.
    """
    project.links()
    # No page of the framework's own: its documentation loads scripts from elsewhere, and no route has any yet. Nor its
    # redirects: behind a proxy that does TLS they can lead to http, with the token in the address.
    app = FastAPI(title="ccm", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    page = urlsplit(project.workspace.settings.organisation.preference_url)
    app.include_router(health.router(project))
    app.include_router(preferences.router(project, RateLimits(project.clock), longest_wait=longest_wait))
    app.add_exception_handler(HTTPException, _refused)
    app.add_middleware(Guard, hosts=frozenset({str(page.hostname), *hosts}), open_paths=health.PATHS)
    return app


_IN_JAPANESE = {
    403: "フォームが別のサイトから送信されたため、受け付けられません。\n",
    404: "ページが見つかりません。\n",
}
"""Of refusals that a person with a browser can meet; the others are for programs."""


async def _refused(request: Request, error: Exception) -> PlainTextResponse:
    assert isinstance(error, HTTPException)
    words = f"{error.detail}\n{_IN_JAPANESE.get(error.status_code, '')}"
    return PlainTextResponse(words, error.status_code, error.headers)
