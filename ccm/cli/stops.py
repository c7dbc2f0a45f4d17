"""stop, resume-sending: the switch that keeps messages from going out, whatever is approved."""

from __future__ import annotations

from typing import Annotated

import typer

from ccm.cli.output import AsOption, JsonOption, Out, WorkspaceOption, command, project_of, shown
from ccm.cli.releases import CommentOption, who
from ccm.compliance import stops
from ccm.compliance.stops import Stop
from ccm.errors import InputError
from ccm.pipeline.project import Project
from ccm.pipeline.stopping import counted, target_of

TargetArgument = Annotated[str, typer.Argument(metavar="TARGET", help="release, communication, wording or channel.")]
NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Digest, communication, wording ID or ID@VERSION, or channel.")
]


def stop(
    target: Annotated[str | None, typer.Argument(metavar="[TARGET]",
                                                 help="release, communication, wording or channel.")] = None,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Digest, communication, wording ID or "
                                               "ID@VERSION, or channel.")] = None,
    listed: Annotated[bool, typer.Option("--list", help="What is stopped, and how many messages that withheld.")]
    = False,
    as_: AsOption = None, comment: CommentOption = "", workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Stop a release, communication, wording or channel at once, on every host; queued messages are withheld."""
    with command(json) as out:
        project = project_of(workspace)
        if listed:
            if target or name:
                raise InputError("--list takes no TARGET and NAME")
            _list(out, project)
            return
        if target is None or name is None:
            raise InputError("give TARGET and NAME, as in: ccm stop channel sms --as USER --comment WHY; or --list")
        what, known = target_of(project, target, name)
        done = stops.stop(
            project.store, what, known, who(project, as_), project.clock(), comment, record=project.record_stop
        )
        out.say(f"{done.target} {done.name} stopped by {done.person}: nothing of it is handed over any more")
        out.say(f"when it may go on: ccm resume-sending {done.target} {done.name} --as USER --comment WHY")
        out.document(_document(done))


def resume_sending(
    target: TargetArgument, name: NameArgument, as_: AsOption = None, comment: CommentOption = "",
    workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """End a stop. What was withheld meanwhile stays withheld."""
    with command(json) as out:
        project = project_of(workspace)
        what, known = target_of(project, target, name, stopped=True)
        done = stops.resume(
            project.store, what, known, who(project, as_), project.clock(), comment, record=project.record_stop
        )
        out.say(f"{done.target} {done.name} resumed by {done.person}; what was withheld meanwhile stays withheld")
        out.document(_document(done))


def _list(out: Out, project: Project) -> None:
    with project.store.read() as connection:
        found = list(stops.active(connection).active.values())
        withheld = counted(connection, found)
    out.table(
        ["stopped", "name", "by", "at", "why", "withheld"],
        [[one.target, one.name[:12] if one.target == "release" else one.name, one.person, shown(one.at), one.comment,
          withheld[one]] for one in found],
    )  # fmt: skip
    out.document({"stops": [{**_document(one), "withheld": withheld[one]} for one in found]})


def _document(done: Stop) -> dict[str, object]:
    return {
        "action": done.action, "target": done.target, "name": done.name, "person": done.person,
        "comment": done.comment, "at": done.at.isoformat(), "reason": done.reason,
    }  # fmt: skip
