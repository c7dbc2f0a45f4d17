"""Pages from templates, always escaped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ccm.api.words import LANGUAGES, Words
from ccm.workspace.settings import Organisation

FOLDER = Path(__file__).parent / "pages"


class Pages:
    """Renders the pages below one path, in the customer's language."""

    def __init__(self, organisation: Organisation, path: str) -> None:
        self._organisation, self._path = organisation, path
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self.style = (FOLDER / "style.css").read_text(encoding="utf-8")

    def address(self, query: Mapping[str, str]) -> str:
        """The path with what stands in `query`; empty values are left out."""
        said = urlencode({name: value for name, value in query.items() if value})
        return f"{self._path}?{said}" if said else self._path

    def show(
        self, template: str, words: Words, query: Mapping[str, str], status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page; `query` is what its own links and forms carry on."""

        def address(**more: str) -> str:
            return self.address({**query, **more})

        page = self._environment.get_template(template).render(
            words=words, organisation=self._organisation, path=self._path.rstrip("/"), languages=LANGUAGES,
            address=address, **values,
        )  # fmt: skip
        return HTMLResponse(page, status, {"Content-Language": words.language})
