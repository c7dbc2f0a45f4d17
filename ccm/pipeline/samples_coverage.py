"""What the samples of a workspace have not shown yet: branches of templates that none takes, and whole dimensions.

A sentence that nobody has ever seen rendered is where a mistake waits until a customer finds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ccm.errors import Problem, RenderError
from ccm.model.message import RenderContext
from ccm.pipeline.preview import Subject
from ccm.pipeline.project import Compiled
from ccm.render.branches import Branch, Probe, reads_only, untouched
from ccm.render.language import Source
from ccm.render.schema import schema_of
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication
from ccm.workspace.yamlfile import read_yaml
from ccm.workspace.yamlreader import Document

UNTOUCHED, MISSING = "SP01", "SP02"
_FIXED = frozenset({"organisation"})
"""Names that are the same in every message: what depends on them alone has one way only."""
_BRAND = "templates/_brand/"


@dataclass(slots=True)
class Seen:
    """What samples have shown; plain values, so that it passes from one process to another."""

    branches: dict[Branch, str] = field(default_factory=dict)
    """Every branch of the templates that samples came by, and a communication that has it."""
    reached: set[Branch] = field(default_factory=set)
    never_empty: set[Branch] = field(default_factory=set)
    languages: dict[str, set[str]] = field(default_factory=dict)
    """Path of a template to the languages of the samples that came by."""
    missing: list[Problem] = field(default_factory=list)

    def add(self, other: Seen) -> None:
        """Takes in what the samples of other communications have shown."""
        self.branches = {**other.branches, **self.branches}
        self.reached |= other.reached
        self.never_empty |= other.never_empty
        for path, languages in other.languages.items():
            self.languages.setdefault(path, set()).update(languages)
        self.missing += other.missing

    def problems(self) -> list[Problem]:
        """The warnings: missing samples, and branches that none has taken in templates that at least one came by.

        A layout belongs to all communications: a branch of it is told only when none of their samples takes it.
        """
        left = untouched(tuple(self.branches), frozenset(self.reached))
        return sorted({*self.missing, *(self._problem(branch) for branch in left if not self._always(branch))})

    def _always(self, branch: Branch) -> bool:
        return all(reads_only(test, _FIXED) for test in branch.tests) or branch in self.never_empty

    def _problem(self, branch: Branch) -> Problem:
        languages = " or ".join(sorted(self.languages[branch.path]))
        sample = f"sample in {languages}" + " that comes this far" * (branch.outer is not None)
        told, more = branch.told(sample)
        if branch.path.startswith(_BRAND):
            where = "the samples of a communication that has this layout"
        else:
            where = f"templates/{self.branches[branch]}/samples/"
        message = f"{UNTOUCHED} untouched branch: {told}; add one {more} to {where}"
        return Problem(branch.path, branch.line, message, branch.column, UNTOUCHED)


class Coverage:
    """Notes what the samples of communications show; `render_all` takes its `visit`."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._probes: dict[tuple[str, Source], Probe] = {}
        self.seen = Seen()

    def start(self, communication: Communication, subjects: Sequence[Subject]) -> None:
        """Notes what the samples of one communication are like."""
        self.seen.missing += missing_samples(self._workspace, communication, subjects)

    def visit(self, compiled: Compiled, channel: str, context: RenderContext) -> None:
        """Notes the branches that one message takes; a message whose values are refused takes none."""
        renderer = compiled.renderer
        part = renderer.part(channel, context.language, context.variant)
        try:
            values = renderer.filling(channel, context).plain
        except RenderError:
            return
        for source in part.sources:
            probe = self._probe(compiled.communication, source)
            self.seen.reached |= probe.reached(values)
            self.seen.languages.setdefault(source.path, set()).add(context.language)
            # Who has no address gets no letter, and a digest of nothing goes to nobody.
            never = ["customer.address_lines"] * (channel == "letter")
            never += ["items"] * (compiled.communication.collects is not None)
            self.seen.never_empty.update(b for b in probe.branches for name in never if b.tests == (name,))

    def _probe(self, communication: Communication, source: Source) -> Probe:
        key = (communication.id, source)
        if key not in self._probes:
            probe = self._probes[key] = Probe(source, schema_of(self._workspace, communication, []))
            for branch in probe.branches:
                self.seen.branches.setdefault(branch, communication.id)
        return self._probes[key]


def missing_samples(workspace: Workspace, communication: Communication, subjects: Sequence[Subject]) -> list[Problem]:
    """A warning for every language, jurisdiction and channel that no sample of a communication has.

    Every sample is rendered on every channel and in every variant; one that has no address on a channel shows less
    there than a customer would get.
    """
    path = f"templates/{communication.id}/communication.yaml"
    document = read_yaml(workspace.root / path, workspace.root)
    folder = f"templates/{communication.id}/samples/"
    if not subjects:
        return [Problem(path, 0, f"{MISSING} no samples: add invented customers to {folder}", 0, MISSING)]
    return sorted(_missing(document, communication, subjects, folder))


def _missing(
    document: Document, communication: Communication, subjects: Sequence[Subject], folder: str
) -> Iterator[Problem]:
    customers = [subject.customer for subject in subjects]
    languages = {communication.language_for(customer.language) for customer in customers}
    jurisdictions = {customer.jurisdiction for customer in customers}
    channels = {channel for channel in communication.channels if any(c.reach(channel) for c in customers)}
    for name, wanted, there, words in (
        ("languages", communication.languages, languages, "has the language"),
        ("jurisdictions", communication.jurisdictions, jurisdictions, "has the jurisdiction"),
        ("channels", communication.channels, channels, "has an address for the channel"),
    ):
        for place, value in enumerate(wanted):
            if value not in there:
                message = f"{MISSING} missing sample: none {words} {value}; add one to {folder}"
                yield Problem(document.path, document.line((name, place)), message, 0, MISSING)
