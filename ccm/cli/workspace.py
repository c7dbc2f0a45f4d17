"""init, check, preview."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from ccm.cli.glyphs import tell_unprintable
from ccm.cli.output import (
    FINDINGS,
    AsOption,
    AtOption,
    JsonOption,
    Out,
    WorkspaceOption,
    command,
    instant,
    project_of,
    root_of,
)
from ccm.cli.preview import UiLanguage, write_previews
from ccm.compliance.writing.readability import has_jreadability
from ccm.errors import Conflict, InputError, NotFound, Problem, ProblemsError
from ccm.log import keys
from ccm.pipeline.access import previewed, reader_of_content
from ccm.pipeline.check import check_workspace
from ccm.pipeline.preview import customer_subject, render_all, samples
from ccm.pipeline.project import open_project, wall_clock

PARTS = ("ccm.toml", "templates", "compliance", "channels")
IGNORE = ".ccm/\n"


def init(directory: Annotated[Path, typer.Argument(metavar="DIR")], json: JsonOption = False) -> None:
    """Make a new workspace: communications, wording, rules and channels to start from."""
    with command(json) as out:
        if (directory / "ccm.toml").exists():
            raise Conflict(f"{directory} is a workspace already")
        if found := [part for part in PARTS if (directory / part).exists()]:
            raise Conflict(f"{directory} has {', '.join(found)} already; name a new folder")
        try:
            copy_starter(directory)
            if not (directory / ".gitignore").exists():
                (directory / ".gitignore").write_text(IGNORE, encoding="utf-8")
        except OSError as error:
            raise InputError(f"{directory}: cannot be written: {error.strerror}") from error
        project = open_project(directory)
        key = project.path(project.workspace.settings.log.key)
        if not key.exists():
            keys.create_key(key, project.workspace.settings.log.origin)
        verifier = project.signer().verifier.text
        out.say(f"workspace {directory} is ready; its audit log is verified with the key\n{verifier}")
        out.say("next: ccm import customers FILE, then ccm check")
        out.document({"workspace": str(directory), "log_verifier_key": verifier})


def copy_starter(directory: Path) -> None:
    """Copies the starter workspace into `directory`, which it makes."""
    source = starter()
    directory.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        if (source / part).is_dir():
            shutil.copytree(source / part, directory / part, dirs_exist_ok=True)
        else:
            shutil.copyfile(source / part, directory / part)


def starter() -> Path:
    """The workspace that `init` copies: the wheel's own, or in a checkout the repository's root."""
    packed = Path(str(files("ccm"))) / "starter"
    if packed.is_dir():
        return packed
    checkout = Path(str(files("ccm"))).parent
    if (checkout / "ccm.toml").is_file():
        return checkout
    raise NotFound("this installation has no starter workspace")


def check(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="[PATH]…", help="Only findings below these.")] = None,
    customers: Annotated[
        bool, typer.Option("--customers", help="Also look for customers whose names no font of the letters can print.")
    ] = False,
    at: AtOption = None, workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Read everything, compile every template, render every sample on every channel, and say all that is wrong."""
    with command(json) as out:
        root = root_of(workspace)
        wanted = _wanted(root, paths or [])
        checked = check_workspace(root, wall_clock, instant(at, wall_clock))
        problems = [p for p in checked.errors if _below(root, p, wanted)]
        warnings = [p for p in checked.warnings if _below(root, p, wanted)]
        advice = [p for p in checked.advice if _below(root, p, wanted)]
        for problem in problems:
            out.say(str(problem))
        for mark, found in (("warning", warnings), ("info", advice)):
            for problem in found:
                out.say(f"{problem} ({mark})")
        out.say(f"{checked.renderings} renderings, {len(problems)} errors, {len(warnings)} warnings")
        if elsewhere := len(checked.errors) - len(problems):
            out.say(f"not counted: errors elsewhere in the workspace: {elsewhere}")
        unprintable = tell_unprintable(out, open_project(root)) if customers else None
        if not has_jreadability():
            out.say("RD05 is not looked at: jReadability is not installed (pip install 'ccm-engine[readability]')")
        out.document({
            "renderings": checked.renderings, "errors": _plain(problems), "warnings": _plain(warnings),
            "info": _plain(advice), "jreadability": has_jreadability(),
            **({} if unprintable is None else {"unprintable_customers": unprintable}),
        })  # fmt: skip
        if problems:
            raise typer.Exit(FINDINGS)


def _plain(problems: Sequence[Problem]) -> list[dict[str, object]]:
    return [{"path": p.path, "line": p.line, "column": p.column, "message": p.message} for p in problems]


def _wanted(root: Path, paths: list[Path]) -> list[Path]:
    """Where findings are told of; none: everywhere. What a template does wrong when filled is told at its samples."""
    wanted = [path.resolve() for path in paths]
    for path in wanted:
        if not path.exists():
            raise InputError(f"{path} does not exist")
    templates = root / "templates"
    folders = [path.relative_to(templates).parts[0] for path in wanted if templates in path.parents]
    return wanted + [templates / folder / "samples" for folder in folders]


def _below(root: Path, problem: Problem, wanted: list[Path]) -> bool:
    place = root / problem.path
    return not wanted or any(place == path or place.is_relative_to(path) for path in wanted)


def preview(
    communication: str,
    out_dir: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write.")],
    customer: Annotated[str | None, typer.Option("--customer", metavar="ID")] = None,
    sample: Annotated[str | None, typer.Option("--sample", metavar="NAME")] = None,
    channel: Annotated[str | None, typer.Option("--channel")] = None,
    language: Annotated[str | None, typer.Option("--language")] = None,
    ui_language: Annotated[UiLanguage, typer.Option("--ui-language", help="Of the page around.")] = UiLanguage.EN,
    as_: AsOption = None, at: AtOption = None, workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Write what a customer or a sample would get, to look at; nothing is sent, and looks are logged."""
    with command(json) as out:
        if customer and sample:
            raise InputError("give --customer or --sample, not both")
        project = project_of(workspace)
        compiled = project.compiled(communication)
        moment = instant(at, project.clock)
        if customer:
            subjects = [customer_subject(project, compiled, customer, moment)]
            previewed(project, customer, reader_of_content(project, as_))
        else:
            problems: list[Problem] = []
            subjects = samples(compiled, project, problems)
            if problems:
                raise ProblemsError(problems)
            if sample:
                names = ", ".join(subject.name for subject in subjects) or "none yet"
                subjects = [subject for subject in subjects if subject.name == sample]
                if not subjects:
                    raise NotFound(f"sample '{sample}' is none of {names}")
        previews = [
            shown
            for subject in subjects
            for shown in render_all(project, compiled, subject, moment, channel=channel, language=language)
        ]
        written = write_previews(out_dir, project, compiled, previews, moment, ui_language)
        _tell_previews(out, written, out_dir)
        if any(shown.problem for shown in previews):
            raise typer.Exit(FINDINGS)


def _tell_previews(out: Out, written: list[dict[str, object]], folder: Path) -> None:
    for item in written:
        findings = item["findings"]
        told = item["problem"] or (f"{len(findings)} findings" if isinstance(findings, list) and findings else "")
        out.say(f"{item['subject']} {item['channel']}/{item['language']}: {item['file'] or 'not rendered'} {told}")
    out.say(f"look at {folder / 'index.html'}")
    out.document({"folder": str(folder), "previews": written})
