"""`ccm check`: everything that is wrong with a workspace, told before anything of it reaches a customer.

Each communication is compiled, and its samples are rendered on every channel, by itself; so they are spread over
processes.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ccm.adapters import check_channels
from ccm.compliance.retained import contradictions
from ccm.compliance.rules import load_rules
from ccm.compliance.wording_approved import edited
from ccm.compliance.wording_coverage import never_covered, wordings_of
from ccm.compliance.writing.written import Remark
from ccm.errors import Problem, ProblemsError, TemplateError
from ccm.pipeline.facts import fact_findings
from ccm.pipeline.preview import Preview, render_all, samples
from ccm.pipeline.project import Clock, Project, open_project
from ccm.pipeline.samples_coverage import Coverage, Seen
from ccm.pipeline.writing import WritersChecks
from ccm.render.catalogues import catalogue_problems
from ccm.render.email import clipped
from ccm.render.link_hosts import link_findings
from ccm.render.sms_findings import sms_findings
from ccm.workspace import load_workspace
from ccm.workspace.calendar import planning_problems
from ccm.workspace.communication import Communication

NO_OPT_OUT = "TX06"
"""Code of marketing texts for which no opt-out wording is in force: their customers are withheld meanwhile."""
CLIPPED = "SZ01"
"""Code of an e-mail that is too long."""
LETTERS = ".ccm/cache/letters"
"""Below the workspace: what was found of letters that were laid out before."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found. Errors keep a release from being made; warnings and advice are for writers."""

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()
    advice: tuple[Problem, ...] = ()
    renderings: int = 0


@dataclass(slots=True)
class _Told:
    """The findings of one communication, or of all; plain values, so that they pass between processes."""

    by_severity: dict[str, list[Problem]] = field(default_factory=lambda: {"error": [], "warning": [], "info": []})
    renderings: int = 0
    seen: Seen = field(default_factory=Seen)

    def add(self, other: _Told) -> None:
        for severity, found in other.by_severity.items():
            self.by_severity[severity] += found
        self.renderings += other.renderings
        self.seen.add(other.seen)

    def remarks(self, remarks: Iterable[Remark]) -> None:
        for remark in remarks:
            place = Problem(remark.path, remark.line, remark.message, remark.column, remark.code)
            self.by_severity[remark.severity].append(place)


def check_workspace(root: Path, clock: Clock, at: datetime, *, processes: int | None = None) -> Checked:
    """Reads everything, compiles every template, renders every sample for the instant `at` and looks at the results.

    `processes` at once, as many as there are cores where it is not given.
    """
    try:
        workspace = load_workspace(root)
    except ProblemsError as error:
        return Checked(error.problems)
    problems: list[Problem] = list(check_channels(list(workspace.channels.values())))
    problems += planning_problems(root, workspace.communications)
    writers = None
    try:
        writers = WritersChecks(workspace)
    except ProblemsError as error:
        problems.extend(error.problems)
    try:
        rules = load_rules(workspace)
    except ProblemsError as error:
        problems.extend(error.problems)
    if problems or writers is None:
        return Checked(tuple(sorted(set(problems))))
    told = _Told()
    told.remarks(writers.of_brand())
    told.by_severity["warning"] += catalogue_problems(workspace)
    told.by_severity["warning"] += (Problem(rule.file.path, 0, said) for rule, said in contradictions(rules, at))
    job = _Job(open_project(root, clock=clock, workspace=workspace), writers, at)
    for found in job.run(processes or len(os.sched_getaffinity(0))):
        told.add(found)
    told.by_severity["warning"] += told.seen.problems()
    with job.project.store.read() as connection:
        told.by_severity["error"] += edited(connection, workspace.wordings)
    errors, warnings, advice = (tuple(sorted(set(found))) for found in told.by_severity.values())
    return Checked(errors, warnings, advice, told.renderings)


def writers_errors(project: Project, communication_id: str) -> list[Problem]:
    """What keeps one communication from being handed in: rules, writers' checks, facts, text messages, its wording.

    Of wording: approved versions that were edited, and places for which there is none and none is to come. Wording
    that is not in force yet, and what depends on other communications, do not count here.
    """
    workspace, now = project.workspace, project.clock()
    job = _Job(project, WritersChecks(workspace), now)
    found = {p for p in job.one(communication_id).by_severity["error"] if p.code not in ("", NO_OPT_OUT)}
    communication = workspace.communication(communication_id)
    with project.store.read() as connection:
        found.update(edited(connection, wordings_of(workspace, communication)))
    found.update(never_covered(workspace, communication, now))
    return sorted(found)


@dataclass
class _Job:
    project: Project
    writers: WritersChecks
    at: datetime

    def run(self, processes: int) -> Iterator[_Told]:
        samples_of = self.project.workspace.samples
        # The longest first, so that no process works on alone at the end.
        ids = sorted(self.project.workspace.communications, key=lambda name: -len(samples_of[name]))
        if processes < 2 or len(ids) < 2:
            yield from map(self.one, ids)
            return
        if any("letter" in self.project.workspace.communications[name].channels for name in ids):
            from ccm.render.letter_preview import open_brands

            # Once here, and shared by the processes; what is wrong is told of each communication.
            with suppress(TemplateError):
                open_brands(self.project.workspace.brand)
        global _JOB
        _JOB = self
        with ProcessPoolExecutor(min(processes, len(ids)), multiprocessing.get_context("fork")) as pool:
            yield from pool.map(_in_child, ids)

    def one(self, communication_id: str) -> _Told:
        project, told = self.project, _Told()
        communication = project.workspace.communication(communication_id)
        problems = told.by_severity["error"]
        try:
            compiled = project.compiled(communication_id)
        except ProblemsError as error:
            problems.extend(error.problems)
            return told
        compiled.renderer.remember_letters(project.workspace.root / LETTERS)
        coverage = Coverage(project.workspace)
        subjects = samples(compiled, project, problems)
        coverage.start(communication, subjects)
        shown: list[Preview] = []
        for subject in subjects:
            for preview in render_all(project, compiled, subject, self.at, visit=coverage.visit):
                shown.append(preview)
                self._tell(communication, preview, told)
        told.renderings, told.seen = len(shown), coverage.seen
        told.remarks(self.writers.of_messages(communication, shown))
        for fact in fact_findings(project, compiled, subjects, self.at):
            place = Problem(fact.path, fact.line, f"{fact.code} {fact.message}", fact.column, fact.code)
            self._tell_code(communication, fact.code, fact.severity, place, told)
        for finding in sms_findings(project.workspace, communication, self.at):
            severity = "info" if finding.severity == "note" else finding.severity
            self._tell_code(communication, finding.problem.code, severity, finding.problem, told)
        for problem in link_findings(project.workspace, communication):
            self._tell_code(communication, problem.code, "error", problem, told)
        return told

    def _tell(self, communication: Communication, preview: Preview, told: _Told) -> None:
        path, where = preview.subject.path, f"{preview.channel}/{preview.language}"
        if preview.problem:
            told.by_severity["error"].append(Problem(path, 0, f"{where}: {preview.problem}"))
        if preview.channel == "email" and preview.rendered and (cut := clipped(preview.rendered.html)):
            place = Problem(path, 0, f"{where}: {CLIPPED} {cut}", code=CLIPPED)
            self._tell_code(communication, CLIPPED, "warning", place, told)
        for finding in preview.findings:
            place = Problem(path, 0, f"{where}: {finding.rule}: {finding.message}", code=finding.rule)
            told.by_severity[finding.severity].append(place)

    def _tell_code(self, communication: Communication, code: str, default: str, place: Problem, told: _Told) -> None:
        severity = self.writers.severity(code, default, communication, place.path)  # type: ignore[arg-type]
        if severity != "off":
            told.by_severity[severity].append(place)


_JOB: _Job | None = None


def _in_child(communication_id: str) -> _Told:
    assert _JOB is not None
    return _JOB.one(communication_id)
