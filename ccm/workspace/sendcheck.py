"""Send times that would never hold, or would let nothing go, once all files are seen together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ccm.errors import Problem
from ccm.workspace.channels import Channel
from ccm.workspace.communication import Communication
from ccm.workspace.sendtimes import known_countries, leave_time
from ccm.workspace.yamlreader import Document


def send_time_problems(
    communications: Mapping[str, Communication], channels: Mapping[str, Channel], documents: Mapping[str, Document]
) -> Iterator[Problem]:
    """Each at its line; `documents` are what was read, by path."""
    yield from _never_hold(communications, channels, documents)
    yield from _shut_out(communications, channels, documents)


def _never_hold(
    communications: Mapping[str, Communication], channels: Mapping[str, Channel], documents: Mapping[str, Document]
) -> Iterator[Problem]:
    skipping: dict[str, set[str]] = {}
    for communication in communications.values():
        path = _path(communication)
        if communication.urgent:
            if communication.send is not None:
                message = "an urgent communication goes out at any hour, so 'send' would never hold: leave one out"
                yield Problem(path, documents[path].line(("send",)), message)
            continue
        sends = [(path, communication.send)]
        sends += [(channels[name].path, channels[name].send) for name in communication.channels if name in channels]
        for place, send in sends:
            if send is not None and send.holidays == "skip":
                skipping.setdefault(place, set()).update(communication.jurisdictions)
    for place, jurisdictions in sorted(skipping.items()):
        for code in sorted(jurisdictions - known_countries()):
            message = f"holidays: skip cannot hold for '{code}', whose holidays the holidays library does not know"
            yield Problem(place, documents[place].line(("send", "holidays")), message)


def _shut_out(
    communications: Mapping[str, Communication], channels: Mapping[str, Channel], documents: Mapping[str, Document]
) -> Iterator[Problem]:
    """Windows without a common minute: on such a channel everything would be withheld, for ever."""
    shut = {name for name, one in channels.items() if one.send and not leave_time(one.quiet_hours, (one.send,))}
    for name in sorted(shut):
        path, message = channels[name].path, "nothing could ever go out: no hour of 'send' is outside 'quiet_hours'"
        yield Problem(path, documents[path].line(("send",)), message)
    for one in communications.values():
        for name in one.channels if one.send and not one.urgent else ():
            channel = channels.get(name)
            if channel is None or name in shut:
                continue
            sends = tuple(send for send in (channel.send, one.send) if send is not None)
            if not leave_time(channel.quiet_hours, sends):
                message = f"nothing could ever go by {name}: no hour of 'send' is open in {channel.path}"
                yield Problem(_path(one), documents[_path(one)].line(("send",)), message)


def _path(communication: Communication) -> str:
    return f"templates/{communication.id}/communication.yaml"
