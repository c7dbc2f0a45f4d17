"""Whether the process runs (`/healthz`), and whether it can do its work (`/readyz`)."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from ccm.pipeline.project import Project
from ccm.store.tables import log_state

PATHS = ("/healthz", "/readyz")


def router(project: Project) -> APIRouter:
    """The routes over an open project."""
    made = APIRouter()

    @made.api_route("/healthz", methods=["GET", "HEAD"])
    async def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    @made.api_route("/readyz", methods=["GET", "HEAD"])
    def readyz() -> PlainTextResponse:
        """503 while the store does not answer."""
        try:
            with project.store.read() as connection:
                connection.execute(select(log_state.c.size)).first()
        except SQLAlchemyError:
            return PlainTextResponse("the store does not answer\n", 503)
        return PlainTextResponse("ready\n")

    return made
