"""What writers are told of a communication's samples; for `ccm check`, and before a communication is submitted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from ccm.compliance.writing.run import CODES, brand_remarks, context_of, remarks
from ccm.compliance.writing.tried import writing_problems
from ccm.compliance.writing.written import Context, Remark, SourceText, Written
from ccm.errors import WorkspaceError
from ccm.pipeline.preview import Preview
from ccm.render.channels.base import PREVIEW
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication
from ccm.workspace.writing import load_writing
from ccm.workspace.yamlfile import read_text

_SHARED = (".mjml", ".html", ".po")
"""Files of the brand that hold words."""


class WritersChecks:
    """The checks of one workspace, with its lists and settings read and tried.

    Raises `WorkspaceError` with every problem of lists and settings.
    """

    def __init__(self, workspace: Workspace) -> None:
        writing = load_writing(workspace.root)
        if problems := writing_problems(workspace, writing, CODES):
            raise WorkspaceError(problems)
        self._workspace = workspace
        self._shared = tuple(
            SourceText(f"templates/_brand/{name}", content.decode("utf-8", errors="replace").replace("\r\n", "\n"))
            for name, content in sorted(workspace.brand.items())
            if name.endswith(_SHARED)
        )
        self.context: Context = context_of(workspace, writing)

    def of_brand(self) -> tuple[Remark, ...]:
        """Remarks on the layouts."""
        return brand_remarks(self.context)

    def of_messages(self, communication: Communication, previews: Sequence[Preview]) -> tuple[Remark, ...]:
        """Remarks on the rendered samples of one communication, all channels and languages together."""
        return remarks(self.context, tuple(self._written(communication, previews)))

    def _written(self, communication: Communication, previews: Sequence[Preview]) -> Iterable[Written]:
        letters = {
            (shown.subject.name, shown.language): shown.rendered.text
            for shown in previews
            if shown.rendered and shown.channel == "letter"
        }
        for shown in previews:
            if shown.rendered is None:
                continue
            text = shown.rendered.text
            if shown.channel in communication.attach:
                # The attached letter is a message of its own, and is looked at there.
                text = text.removesuffix(letters.get((shown.subject.name, shown.language), "")).rstrip()
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
        for file in self._workspace.templates[communication.id]:
            if (file.channel, file.language, file.variant) == (shown.channel, shown.language, ""):
                return SourceText(file.path, read_text(self._workspace.root / file.path, self._workspace.root))
        return SourceText(f"templates/{communication.id}", "")


def _unmarked(subject: str) -> str:
    for mark in PREVIEW.values():
        subject = subject.removeprefix(mark)
    return subject
