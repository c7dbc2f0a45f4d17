"""What writers are told of a communication's samples; for `ccm check`, and before a communication is submitted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Literal

from ccm.compliance.writing.run import CODES, brand_remarks, context_of, remarks
from ccm.compliance.writing.tried import writing_problems
from ccm.compliance.writing.written import Context, Remark, SourceText, Written
from ccm.errors import WorkspaceError
from ccm.pipeline.preview import Preview
from ccm.render.channels.base import PREVIEW
from ccm.render.facts import CODES as FACT_CODES
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication
from ccm.workspace.writing import Severity, load_writing
from ccm.workspace.yamlfile import read_text

_SHARED = (".mjml", ".html", ".po")
"""Files of the brand that hold words."""


class WritersChecks:
    """The checks of one workspace, with its lists and settings read and tried.

    Raises `WorkspaceError` with every problem of lists and settings.
    """

    def __init__(self, workspace: Workspace) -> None:
        writing = load_writing(workspace.root)
        if problems := writing_problems(workspace, writing, {*CODES, *FACT_CODES}):
            raise WorkspaceError(problems)
        self._workspace = workspace
        self._shared = tuple(
            SourceText(f"templates/_brand/{name}", content.decode("utf-8", errors="replace").replace("\r\n", "\n"))
            for name, content in sorted(workspace.brand.items())
            if name.endswith(_SHARED)
        )
        self._sources: dict[str, SourceText] = {}
        self.context: Context = context_of(workspace, writing)

    def severity(
        self, code: str, default: Severity, communication: Communication, path: str
    ) -> Severity | Literal["off"]:
        """How loudly the workspace wants a finding of another check, in the template at `path`, to be told."""
        file = PurePosixPath(path)
        channel = file.name.partition(".")[0].partition("@")[0]
        for silence in self.context.writing.settings.exceptions:
            named = (
                (silence.communications, communication.id), (silence.categories, communication.category),
                (silence.channels, channel), (silence.languages, file.parent.name),
            )  # fmt: skip
            if silence.code == code and all(not allowed or value in allowed for allowed, value in named):
                return "off"
        return self.context.writing.settings.severity.get(code, default)

    def of_brand(self) -> tuple[Remark, ...]:
        """Remarks on the layouts."""
        return brand_remarks(self.context)

    def of_messages(self, communication: Communication, previews: Sequence[Preview]) -> tuple[Remark, ...]:
        """Remarks on the rendered samples of one communication, all channels and languages together."""
        return remarks(self.context, tuple(self._written(communication, previews)))

    def _written(self, communication: Communication, previews: Sequence[Preview]) -> Iterable[Written]:
        letters = {
            (shown.subject.name, shown.language, shown.variant): shown.rendered.text
            for shown in previews
            if shown.rendered and shown.channel == "letter"
        }
        for shown in previews:
            if shown.rendered is None:
                continue
            text = shown.rendered.text
            if shown.channel in communication.attach:
                # The attached letter is a message of its own, and is looked at there.
                attached = (letters.get((shown.subject.name, shown.language, name)) for name in (shown.variant, ""))
                text = text.removesuffix(next(filter(None, attached), "")).rstrip()
            source = self._source(communication, shown)
            # Where another language stands in, its words are looked at as what they are.
            language = PurePosixPath(source.path).parent.name if source.text else shown.language
            yield Written(
                communication, language, shown.subject.customer.jurisdiction, shown.channel, shown.subject.name,
                source, text, self._shared, _unmarked(shown.rendered.subject),
                shown.rendered.html, shown.rendered.links, shown.rendered.wording, shown.subject.customer,
                shown.subject.data,
            )  # fmt: skip

    def _source(self, communication: Communication, shown: Preview) -> SourceText:
        """The template's whole file, of which only the values of the front matter are kept."""
        files = {
            (file.channel, file.language, file.variant): file for file in self._workspace.templates[communication.id]
        }
        for variant in (shown.variant, ""):
            if file := files.get((shown.channel, shown.language, variant)):
                if file.path not in self._sources:
                    text = read_text(self._workspace.root / file.path, self._workspace.root)
                    self._sources[file.path] = SourceText(file.path, text)
                return self._sources[file.path]
        return SourceText(f"templates/{communication.id}", "")


def _unmarked(subject: str) -> str:
    for mark in PREVIEW.values():
        subject = subject.removeprefix(mark)
    return subject
