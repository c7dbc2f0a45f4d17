from __future__ import annotations

import multiprocessing
import os
import signal
import stat
import threading
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import pytest
from sqlalchemy import select, text

from ccm.store import Store, turns

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "ccm.db"
    path.touch(mode=0o640)
    path.chmod(0o640)
    return path


def hold(database: Path, said: Pipe, go_on: Pipe) -> None:
    with turns.turn(database):
        said.send("mine")
        go_on.recv()


def take(database: Path, said: Pipe) -> None:
    with turns.turn(database):
        said.send("mine")


def test_the_next_writer_waits_until_the_turn_ends_or_its_process_is_killed(database: Path) -> None:
    for end in ("it ends", "it is killed"):
        (first_said, first_says), (second_said, second_says) = FORK.Pipe(False), FORK.Pipe(False)
        go_on, let_go = FORK.Pipe(False)
        first = FORK.Process(target=hold, args=(database, first_says, go_on))
        first.start()
        assert first_said.recv() == "mine"
        second = FORK.Process(target=take, args=(database, second_says))
        second.start()
        assert not second_said.poll(0.05), "two have the turn"
        if end == "it ends":
            let_go.send("end")
        else:
            os.kill(first.pid or 0, signal.SIGKILL)
        assert second_said.poll(20), end
        first.join()
        second.join()
        assert second.exitcode == 0


def test_a_process_forked_in_a_turn_neither_ends_it_nor_keeps_it(database: Path) -> None:
    (said, says), (go_on, let_go), (other_said, other_says) = FORK.Pipe(False), FORK.Pipe(False), FORK.Pipe(False)

    def child() -> None:
        says.send("here")
        go_on.recv()

    with turns.turn(database):
        forked = FORK.Process(target=child)
        forked.start()
        assert said.recv() == "here"
        other = FORK.Process(target=take, args=(database, other_says))
        other.start()
        assert not other_said.poll(0.05), "the child ended its parent's turn"
    assert other_said.poll(20), "the child kept its parent's turn"
    let_go.send("end")
    forked.join()
    other.join()


def test_the_lock_is_open_to_those_only_who_may_write_to_the_database(database: Path) -> None:
    lock = database.with_name("ccm.db-turn")
    umask = os.umask(0)
    try:
        for mode, expected in ((0o640, 0o600), (0o644, 0o600), (0o664, 0o660)):
            database.chmod(mode)
            with turns.turn(database):
                assert stat.S_IMODE(lock.stat().st_mode) == expected
            lock.unlink()
    finally:
        os.umask(umask)


def test_without_a_turn_the_database_itself_keeps_writers_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who was stopped in the middle of a turn holds the others up for a while, not for ever."""
    monkeypatch.setattr(turns, "_PATIENCE", 0.05)
    store = Store(f"sqlite:///{tmp_path / 'ccm.db'}")
    with store.write() as connection:
        connection.execute(text("CREATE TABLE counted (number INTEGER)"))
        connection.execute(text("INSERT INTO counted VALUES (0)"))
    with turns.turn(tmp_path / "ccm.db"):
        count = [threading.Thread(target=_count, args=(store,)) for _ in range(4)]
        for one in count:
            one.start()
        for one in count:
            one.join()
    with store.read() as connection:
        assert connection.scalar(select(text("number FROM counted"))) == 40
    store.close()


def test_a_writer_who_cannot_open_the_lock_still_writes(database: Path) -> None:
    """Made by a user with another umask, or before the database was opened to a group."""
    database.with_name("ccm.db-turn").mkdir()  # a lock that nobody can open, not even root
    store = Store(f"sqlite:///{database}")
    with store.write() as connection:
        connection.execute(text("CREATE TABLE counted (number INTEGER)"))
        connection.execute(text("INSERT INTO counted VALUES (7)"))
    with store.read() as connection:
        assert connection.scalar(text("SELECT number FROM counted")) == 7
    store.close()


def _count(store: Store) -> None:
    for _ in range(10):
        with store.write() as connection:
            number = connection.scalar(text("SELECT number FROM counted"))
            connection.execute(text("UPDATE counted SET number = :number"), {"number": (number or 0) + 1})
