"""Which communication brings a lost link: what the settings may name."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support import ROOT

COMMUNICATION = "templates/preference-link/communication.yaml"
Problems = Callable[[], list[str]]


@pytest.fixture
def linking(small: Path) -> Path:
    """The small workspace with the communication that brings a lost link."""
    shutil.copytree(ROOT / "templates/preference-link", small / "templates/preference-link")
    named(small, "preference-link")
    return small


def named(root: Path, communication: str) -> None:
    settings = root / "ccm.toml"
    text = settings.read_text(encoding="utf-8")
    line = f'[preference_page]\nlost_link = "{communication}"\n'
    settings.write_text(text.replace("[preference_page]\n", line), encoding="utf-8")


def line_of(root: Path) -> int:
    text = (root / "ccm.toml").read_text(encoding="utf-8")
    return text[: text.index("lost_link")].count("\n") + 1


def test_a_communication_by_email_without_data_may_bring_a_link(linking: Path, problems: Problems) -> None:
    assert problems() == []


def test_one_that_does_not_exist_is_told_at_its_line_with_those_that_do(small: Path, problems: Problems) -> None:
    named(small, "preference-lnik")
    line = line_of(small)
    assert problems() == [
        f"ccm.toml:{line}: communication 'preference-lnik' does not exist; there are: payment-received"
    ]


def test_one_that_goes_elsewhere_or_needs_data_is_refused(small: Path, problems: Problems) -> None:
    named(small, "payment-received")
    place = f"ccm.toml:{line_of(small)}: 'payment-received'"
    assert problems() == [
        f"{place} goes by sms, email, push, line, whatsapp: a new link goes by email alone, where it was asked for",
        f"{place} needs data (payment), and nobody gives any with a new link",
    ]


@pytest.mark.parametrize(("before", "after", "told"), [
    ("purpose: transactional", "purpose: marketing", "is marketing: who asks for a link has not agreed to that"),
    ("category: security", "category: security\ncopies: joint", "has a digest, collects or copies"),
    ("category: security", "category: security\ndata: {sql: data.sql}", "needs data (data.sql)"),
])  # fmt: skip
def test_one_that_is_not_for_who_asked_is_refused(
    linking: Path, problems: Problems, before: str, after: str, told: str
) -> None:
    (linking / "templates/preference-link/data.sql").write_text("SELECT 1", encoding="utf-8")
    if "data.sql" not in after:
        (linking / "templates/preference-link/data.sql").unlink()
    file = linking / COMMUNICATION
    file.write_text(file.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    [problem] = problems()
    assert problem.startswith(f"ccm.toml:{line_of(linking)}: 'preference-link' ")
    assert told in problem


def test_the_setting_is_no_list_of_communications(small: Path, problems: Problems) -> None:
    named(small, "A link, please")
    assert "preference_page.lost_link" in problems()[0]
