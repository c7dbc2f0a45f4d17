"""What contents are compressed against: rendered samples of the release, which are invented data.

A customer's own message must not serve: it would stay readable in the packs of others after the customer's erasure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ccm.model.message import ApprovedMessage
from ccm.pipeline.preview import render_all, samples
from ccm.pipeline.project import Compiled, Project
from ccm.store.archive import DICTIONARY_LIMIT


def dictionary(project: Project, compiled: Compiled, messages: Sequence[ApprovedMessage], at: datetime) -> bytes:
    """Samples for the channels and languages of the messages, at most as long as a dictionary can be.

    Letters are left out: a PDF is compressed already, and has nothing in common with another one.
    """
    wanted = sorted({(message.channel, message.language) for message in messages if message.channel != "letter"})
    share = DICTIONARY_LIMIT // max(1, len(wanted))
    return b"".join(_sample(project, compiled, channel, language, at)[:share] for channel, language in wanted)


def _sample(project: Project, compiled: Compiled, channel: str, language: str, at: datetime) -> bytes:
    """One sample's body, rendered once a process; empty where no sample can be rendered."""
    place = (compiled.release.digest, channel, language)
    if place not in project.dictionaries:
        project.dictionaries[place] = b""
        for subject in samples(compiled, project, []):
            for shown in render_all(project, compiled, subject, at, channel=channel, language=language):
                if shown.rendered is not None:
                    project.dictionaries[place] = shown.rendered.body
                    return shown.rendered.body
    return project.dictionaries[place]
