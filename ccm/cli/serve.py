"""serve, and the keys of links."""

from __future__ import annotations

from typing import Annotated

import typer
import uvicorn
from uvicorn.importer import import_from_string

from ccm.cli.output import JsonOption, WorkspaceOption, command, project_of
from ccm.errors import InputError
from ccm.store import link_keys

APP = "ccm.api.app:make_app"
"""By name: the command line and the API know nothing of each other."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")
LONGEST_WAIT = 5.0
"""Seconds after which a lost link that was asked for is looked for at the latest; ending the process waits for it."""
links_app = typer.Typer(help="The keys of links to the preference page.", no_args_is_help=True)


def serve(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on.")] = 8000,
    proxies: Annotated[
        str, typer.Option("--proxy", metavar="ADDRESS,…", help="Proxies whose X-Forwarded-For is believed.")
    ] = "127.0.0.1",
    workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Serve the preference page and, at /healthz and /readyz, whether all is well; ends with Ctrl-C."""
    with command(json) as out:
        project = project_of(workspace)
        if "*" in proxies:
            raise InputError("--proxy: name the proxies; '*' would let every caller say where it comes from")
        # Who listens on this machine only may be called by its name.
        hosts = LOOPBACK if host in LOOPBACK else (host,)
        app = import_from_string(APP)(project, hosts=hosts, longest_wait=LONGEST_WAIT)
        page = project.workspace.settings.organisation.preference_url
        out.say(f"serving {page} at http://{host}:{port}, for a proxy that does TLS")
        out.document({"host": host, "port": port, "preference_url": page})
    uvicorn.run(
        app, host=host, port=port, access_log=False, server_header=False, proxy_headers=True,
        forwarded_allow_ips=proxies, h11_max_incomplete_event_size=32_768, log_config=_LOGGING,
    )  # fmt: skip


@links_app.command("rotate")
def rotate(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Make links with a new key from now on; links in messages that went out still work."""
    with command(json) as out:
        project = project_of(workspace)
        path = project.path(project.workspace.settings.preference_page.key)
        kept = link_keys.rotate(project.store, path, project.random_bytes, project.clock())
        out.say(f"new links are made with {path}; keep {kept}, by which earlier ones are read")
        out.document({"key": str(path), "kept": str(kept)})


_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "ccm.api": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
    },
}
"""uvicorn's own access log would write each address whole, tokens too; `ccm.api` writes the route's pattern."""
