"""Who wrote a change, as git knows; and a repository that tries to run something."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ccm.compliance.authors import Written, written_by
from ccm.errors import NotAllowed
from ccm.workspace import load_workspace

SMS = "templates/savings-offer/en/sms.txt"


def git(root: Path, *words: str, email: str = "nobody@example.com", stdin: str | None = None) -> str:
    who = {"GIT_AUTHOR_NAME": "N", "GIT_AUTHOR_EMAIL": email, "GIT_COMMITTER_NAME": "N", "GIT_COMMITTER_EMAIL": email}
    environ = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", "-C", str(root), *words], capture_output=True, check=True, text=True, env=environ, input=stdin
    )
    return done.stdout.strip()


def commit(root: Path, email: str, text: str, message: str = "words") -> str:
    (root / SMS).write_text(text, encoding="utf-8")
    git(root, "add", "-A")
    git(root, "commit", "-m", message, email=email)
    return git(root, "rev-parse", "HEAD")


def written(root: Path, since: str = "", *, parts: tuple[str, ...] = (SMS,)) -> Written:
    return written_by(load_workspace(root), parts, since)


@pytest.fixture
def repository(root: Path) -> Path:
    """The workspace in a repository, all of it first committed by somebody who is nobody in ccm.toml."""
    toml = root / "ccm.toml"
    toml.write_text(toml.read_text().replace('name = "Ben"\n', 'name = "Ben"\nemail = "Ben@bank.example"\n'))
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-m", "all")
    return root


def test_authors_are_found_by_e_mail_alias_and_as_co_authors(repository: Path) -> None:
    assert written(repository).authors == ()
    commit(repository, "ben@bank.example", "One")
    assert written(repository).authors == ("ben",)
    head = commit(repository, "x@example.com", "Two", "words\n\nCo-authored-by: Aoi Ito <AOI@bank.example>")
    assert written(repository) == Written(("aoi", "ben"), head)
    assert written(repository, parts=("channels/sms.yaml#sender", "engine#babel")).authors == ()
    assert written(repository, parts=()) == Written((), head)


def test_only_what_came_after_the_last_approved_commit_counts(repository: Path) -> None:
    first = commit(repository, "ben@bank.example", "One")
    commit(repository, "aoi@bank.example", "Two")
    assert written(repository, first).authors == ("aoi",)
    # A commit that nobody has any more, and one that is no commit but an option: then every author counts.
    for unknown in ("0" * 40, "--output=x"):
        assert written(repository, unknown).authors == ("aoi", "ben")


def test_work_on_a_branch_that_was_begun_before_the_approval_counts_too(repository: Path) -> None:
    git(repository, "checkout", "-q", "-b", "draft")
    commit(repository, "ben@bank.example", "On a branch")
    git(repository, "checkout", "-q", "-")
    approved = git(repository, "rev-parse", "HEAD")
    git(repository, "merge", "-q", "--no-ff", "-m", "merge", "draft", email="aoi@bank.example")
    assert "ben" in written(repository, approved).authors


def test_a_mail_map_of_the_repository_does_not_hide_an_author(repository: Path) -> None:
    (repository / ".mailmap").write_text("Other <other@example.com> <ben@bank.example>\n")
    commit(repository, "ben@bank.example", "One")
    assert written(repository).authors == ("ben",)


def test_nothing_that_the_repository_names_is_run(repository: Path, tmp_path: Path) -> None:
    trap, mark = tmp_path / "trap.sh", tmp_path / "ran"
    trap.write_text(f"#!/bin/sh\ntouch {mark}\n")
    trap.chmod(0o755)
    (repository / SMS).write_text("Signed", encoding="utf-8")
    git(repository, "add", "-A")
    signed = (
        f"tree {git(repository, 'write-tree')}\nparent {git(repository, 'rev-parse', 'HEAD')}\n"
        "author B <ben@bank.example> 1775000000 +0000\ncommitter B <ben@bank.example> 1775000000 +0000\n"
        "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n\nsigned\n"
    )
    forged = git(repository, "hash-object", "-t", "commit", "-w", "--stdin", stdin=signed)
    git(repository, "reset", "-q", "--soft", forged)
    settings = {
        "core.fsmonitor": trap, "core.pager": trap, "pager.log": trap, "gpg.program": trap, "diff.external": trap,
        "log.showSignature": "true", "core.hooksPath": tmp_path, "core.sshCommand": trap, "alias.log": f"!{trap}",
        "remote.origin.url": "ssh://example.com/x", "remote.origin.promisor": "true",
    }  # fmt: skip
    for name, value in settings.items():
        git(repository, "config", name, str(value))
    assert not mark.exists()
    assert written(repository).authors == ("ben",)
    assert not mark.exists()


def test_outside_of_a_repository_and_before_the_first_commit_nobody_is_named(root: Path) -> None:
    assert written(root) == Written()
    git(root, "init", "-q")
    assert written(root) == Written()


def test_a_history_that_cannot_be_read_is_told(repository: Path) -> None:
    commit(repository, "ben@bank.example", "One")
    blob = git(repository, "rev-parse", "HEAD^{tree}")
    (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(NotAllowed, match="can't be told"):
        written(repository)
