"""Rules, ready to run: each rule file of the workspace with the kind it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from ccm.compliance import kinds as kinds_package
from ccm.compliance.kinds import Kind, RuleParams, scan
from ccm.compliance.places import holds_in
from ccm.compliance.text import CheckedText, from_example
from ccm.errors import Problem, WorkspaceError
from ccm.model.requirements import NOTHING, PolicyRequirements
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication
from ccm.workspace.languages import base
from ccm.workspace.rules import RuleFile, Scope
from ccm.workspace.settings import ByLanguage
from ccm.workspace.yamlfile import explain, read_yaml
from ccm.workspace.yamlreader import Document, Loc, Refused

KINDS = scan(kinds_package)
"""Every kind there is. Loaded with this module, so that a broken one stops the program at its start."""


@dataclass(frozen=True)
class Rule:
    """One rule, compiled."""

    file: RuleFile
    params: RuleParams

    asks: PolicyRequirements = NOTHING
    """What a rule of policy asks of a decision."""

    @property
    def id(self) -> str:
        return self.file.id

    def applies_to(self, communication: Communication, channel: str, jurisdiction: str, language: str) -> bool:
        """Whether one message of a communication comes under this rule."""
        scope = self.file.applies
        return (
            _within(channel, scope.channels)
            and _holds(scope, jurisdiction)
            and (_within(language, scope.languages) or base(language) in scope.languages)
            and _covers(scope, communication)
        )

    def check(self, message: CheckedText) -> list[str]:
        """One sentence for each thing that is wrong; empty where the message passes."""
        look = KINDS[self.file.kind].check
        return look(self.params, message) if look is not None else []


def is_policy(file: RuleFile) -> bool:
    """Whether a rule shapes decisions, and looks at no text."""
    kind = KINDS.get(file.kind)
    return kind is not None and kind.is_policy


def asks_for(rule: Rule, communication: Communication, channel: str, jurisdiction: str, region: str) -> bool:
    """Whether a rule of policy holds for one communication on one channel where a customer is.

    Empty `jurisdiction` or `region`: nobody knows where the customer is, so it holds if it holds anywhere they may be.
    """
    scope = rule.file.applies
    return _within(channel, scope.channels) and _covers(scope, communication) and _holds(scope, jurisdiction, region)


def kept_by(rule: Rule, purpose: str, jurisdiction: str) -> bool:
    """Whether a rule of policy is about records of messages of a purpose; an empty `jurisdiction` is not known.

    A rule about some channels or categories keeps the records of all: longer than asked is no breach of it.
    """
    scope = rule.file.applies
    return rule.asks.evidence_days is not None and _within(purpose, scope.purposes) and _holds(scope, jurisdiction)


def may_apply(scope: Scope, communication: Communication) -> bool:
    """Whether any message of a communication can come under a rule of this scope."""
    return (
        _covers(scope, communication)
        and _overlap(communication.channels, scope.channels)
        and any(_holds(scope, jurisdiction) for jurisdiction in communication.jurisdictions)
        and _overlap((*communication.languages, *map(base, communication.languages)), scope.languages)
    )


def _covers(scope: Scope, communication: Communication) -> bool:
    return (
        _within(communication.purpose, scope.purposes)
        and _within(communication.category, scope.categories)
        and _within(communication.id, scope.communications)
    )


def _holds(scope: Scope, jurisdiction: str, region: str = "") -> bool:
    return not scope.jurisdictions or any(holds_in(place, jurisdiction, region) for place in scope.jurisdictions)


def _within(value: str, allowed: tuple[str, ...]) -> bool:
    return not allowed or value in allowed


def _overlap(values: tuple[str, ...], allowed: tuple[str, ...]) -> bool:
    return not allowed or not set(values).isdisjoint(allowed)


def load_rules(workspace: Workspace) -> tuple[Rule, ...]:
    """Compiles all rules of a workspace and runs their examples; returns those that are on, in order of their ids.

    Rules that are switched off are compiled and tried too, so that one can be switched on without a surprise.

    Raises `WorkspaceError` with every problem of every rule, each at its line.
    """
    rules: list[Rule] = []
    problems: list[Problem] = []
    for file in sorted(workspace.rules, key=lambda file: file.id):
        compiler = _Compiler(workspace, file)
        rule = compiler.compile()
        problems.extend(compiler.problems)
        if rule is not None and file.enabled:
            rules.append(rule)
    if problems:
        raise WorkspaceError(problems)
    return tuple(rules)


class _Compiler:
    def __init__(self, workspace: Workspace, file: RuleFile) -> None:
        self.workspace, self.file = workspace, file
        self.problems: list[Problem] = []

    def compile(self) -> Rule | None:
        kind = KINDS.get(self.file.kind)
        if kind is None:
            self._problem(("kind",), f"kind '{self.file.kind}' is none of {', '.join(sorted(KINDS))}")
            return None
        try:
            params = kind.params.model_validate(self.file.params)
        except ValidationError as error:
            self.problems.extend(explain(error, self._document(), kind.params, (*self.file.place, "params")))
            return None
        params = params.bound(self.workspace)
        asks = kind.requires(params, self.file, self.workspace) if kind.requires else NOTHING
        rule = Rule(self.file, params, asks)
        for loc, message in self._form_problems(kind):
            self._problem(loc, message)
        # A rule that is off asks for nothing: what it would need may not be here.
        for loc, message in params.problems(self.workspace) if self.file.enabled else ():
            self._problem(("params", *loc), message)
        for loc, message in self._scope_problems(rule):
            self._problem(loc, message)
        for loc, message in self._example_problems(rule):
            self._problem(loc, message)
        return rule

    def _problem(self, loc: Loc, message: str) -> None:
        self.problems.append(Problem(self.file.path, self._document().line((*self.file.place, *loc)), message))

    def _document(self) -> Document:
        """The file again, for the line numbers, which `RuleFile` does not keep."""
        try:
            return read_yaml(self.workspace.root / self.file.path, self.workspace.root)
        except Refused:  # changed since it was loaded: the lines known from then are the best there are
            place = self.file.place
            lines: dict[Loc, int] = {(*place, "kind"): self.file.kind_line, (*place, "params"): self.file.params_line}
            return Document(self.file.path, {}, lines)

    def _form_problems(self, kind: Kind) -> Iterator[tuple[Loc, str]]:
        """What a kind's rules must have, or cannot have."""
        if kind.is_policy:
            if self.file.examples is not None:
                yield ("examples",), f"kind '{self.file.kind}' looks at no text, so it has no examples"
            if self.file.applies.languages:
                yield ("applies", "languages"), f"kind '{self.file.kind}' cannot be narrowed by language"
        elif self.file.examples is None:
            yield ("kind",), f"kind '{self.file.kind}' needs examples: texts that pass and texts that fail"

    def _scope_problems(self, rule: Rule) -> Iterator[tuple[Loc, str]]:
        """A rule that can never apply, or that no message can pass, is a slip of the pen."""
        communications = self.workspace.communications.values()
        known_ids = {communication.id for communication in communications}
        known_categories = {communication.category for communication in communications}
        for name, known in (("communications", known_ids), ("categories", known_categories)):
            for index, value in enumerate(getattr(self.file.applies, name) if self.file.enabled else ()):
                if value not in known:
                    allowed = ", ".join(sorted(known)) or "none yet"
                    yield ("applies", name, index), f"{name} '{value}' does not exist; there are: {allowed}"
        wanted, needed = rule.params.required_wording()
        for communication in communications if self.file.enabled else ():
            applies = needed and may_apply(self.file.applies, communication)
            if applies and len(wanted & set(communication.wording)) < needed:
                asked, listed = ", ".join(sorted(wanted)), ", ".join(communication.wording) or "none"
                message = f"asks for wording {asked}; templates/{communication.id}/communication.yaml lists {listed}"
                yield ("params",), message

    def _example_problems(self, rule: Rule) -> Iterator[tuple[Loc, str]]:
        if self.file.examples is None or KINDS[self.file.kind].check is None:
            return
        values = _values(self.workspace)
        for index, example in enumerate(self.file.examples.passes):
            if found := rule.check(from_example(example, values)):
                yield ("examples", "passes", index), f"this example must pass, but {'; '.join(found)}"
        for index, example in enumerate(self.file.examples.fails):
            if not rule.check(from_example(example, values)):
                yield ("examples", "fails", index), "this example must fail, but it passes"


def _values(workspace: Workspace) -> Mapping[str, ByLanguage]:
    found = workspace.settings.organisation
    values = {name: ByLanguage(en=value, ja=value) for name in ("preference_url", "website", "phone")
              if (value := getattr(found, name))}  # fmt: skip
    return {f"organisation.{name}": value for name, value in (*values.items(), ("name", found.name),
                                                               ("address", found.address))}  # fmt: skip
