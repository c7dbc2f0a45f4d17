"""An experiment from the files to the certificate: different words, one approved release."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from support import DELIVER_AT, RUN_AT, Bank, copy_workspace

from ccm.batch import coordinator, runs
from ccm.batch.certificate import certificate
from ccm.decide.experiment import assign
from ccm.delivery import deliver
from ccm.errors import WorkspaceError
from ccm.pipeline.contents import load
from ccm.pipeline.project import open_project
from ccm.store.tables import messages
from ccm.workspace import load_workspace

COMMUNICATION = "templates/savings-offer/communication.yaml"
EXPERIMENT = "experiment:\n  id: spring-words\n  variants: {plain: 2, warm: 2}\n  holdout: 1\n"


def with_variants(bank: Bank) -> Bank:
    """The bank with variant ``warm`` of the offer's e-mails; text messages have one text for all."""
    root = bank.project.workspace.root
    file = root / COMMUNICATION
    file.write_text(file.read_text() + EXPERIMENT)
    for language, words in (("en", "Warm words"), ("ja", "あたたかい言葉")):
        own = (root / f"templates/savings-offer/{language}/email.mjml").read_text()
        head, front, rest = own.split("---\n", 2)
        front = "\n".join(f'subject: "{words}"' if line.startswith("subject") else line for line in front.split("\n"))
        (root / f"templates/savings-offer/{language}/email@warm.mjml").write_text(f"{head}---\n{front}---\n{rest}")
    project = open_project(root, clock=bank.clock)
    project.store = bank.project.store
    return Bank(project, bank.clock)


def test_each_customer_gets_the_assigned_words_and_the_holdout_nothing(bank: Bank) -> None:
    bank = with_variants(bank)
    bank.approve("savings-offer")
    run = runs.start(bank.project, "savings-offer", RUN_AT)
    coordinator.execute(bank.project, run.id, workers=1)
    for moment in DELIVER_AT:
        deliver(bank.project, moment=lambda moment=moment: moment)
    found = certificate(bank.project, run.id)
    assert found.adds_up
    assert sum(found.by_variant.values()) == found.sent > 0
    assert found.withheld_by_reason["holdout"] > 0
    communication = bank.project.workspace.communications["savings-offer"]
    m = messages.c
    with bank.project.store.read() as connection:
        rows = connection.execute(select(m)).mappings().all()
    contents = load(bank.project, [row for row in rows if row["state"] == "accepted"])
    mails = 0
    for row in rows:
        state, reason, variant = row["state"], row["reason"], row["variant"]
        assigned = assign(communication, row["customer_id"])
        if reason == "holdout":
            assert (assigned, variant, state) == (None, "", "withheld")
        if state == "accepted":
            assert variant == assigned
            if row["channel"] == "email":
                mails += 1
                warm = {"en": "Warm words", "ja": "あたたかい言葉"}[row["language"]]
                assert (contents[row["id"]].subject == warm) == (variant == "warm")
    assert mails > 1


def test_all_variants_are_in_the_release_that_is_approved(bank: Bank) -> None:
    bank = with_variants(bank)
    manifest = bank.project.compiled("savings-offer").release.manifest
    assert "templates/savings-offer/en/email@warm.mjml" in manifest
    digest = bank.project.compiled("savings-offer").release.digest
    file = bank.project.workspace.root / COMMUNICATION
    file.write_text(file.read_text().replace("warm: 2", "warm: 3"))
    assert bank.reopened().project.compiled("savings-offer").release.digest != digest


@pytest.mark.parametrize(
    ("experiment", "file", "message"),
    [
        ("", "en/sms@warm.txt", "'warm' is no variant of the communication's experiment; there are none"),
        (EXPERIMENT, "en/sms@hot.txt", "'hot' is no variant of the communication's experiment; there are plain, warm"),
        (EXPERIMENT, "", "variants plain and warm have no template of their own"),
    ],
)
def test_variants_without_templates_and_templates_without_variants_are_told(
    tmp_path: Path, experiment: str, file: str, message: str
) -> None:
    root = copy_workspace(tmp_path / "bank")
    path = root / COMMUNICATION
    path.write_text(path.read_text() + experiment)
    if file:
        (root / "templates/savings-offer" / file).write_text("x")
    with pytest.raises(WorkspaceError, match=message):
        load_workspace(root)
