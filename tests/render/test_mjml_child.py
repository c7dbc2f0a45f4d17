"""The process that compiles MJML: what it survives, and that it never outlives who uses it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from ccm.render.mjml_child import MjmlChild, MjmlError

PAGE = "<mjml><mj-body><mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section></mj-body></mjml>"
CRASH = PAGE.format("<div>" * 30_000 + "</div>" * 30_000)
HUGE = PAGE.format("<p>x</p>" * 200_000)


@pytest.fixture
def child() -> Iterator[MjmlChild]:
    made = MjmlChild()
    yield made
    made.close()


def processes() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


def test_many_documents_are_compiled_by_one_process(child: MjmlChild) -> None:
    before = processes()
    pages = [child.compile(PAGE.format(f"number {number}, 金利")) for number in range(20)]
    assert all(f"number {number}, 金利" in page for number, page in enumerate(pages))
    assert len(processes() - before) == 1


def test_document_that_crashes_the_compiler_is_told_and_the_next_one_is_compiled(child: MjmlChild) -> None:
    child.compile(PAGE.format("first"))
    with pytest.raises(MjmlError, match="the MJML compiler ended with status -"):
        child.compile(CRASH)
    assert "second" in child.compile(PAGE.format("second"))


def test_document_that_takes_too_long_is_told_and_the_next_one_is_compiled(child: MjmlChild) -> None:
    child.compile(PAGE.format("first"))
    with pytest.raises(MjmlError, match=r"took more than 0\.01 seconds"):
        child.compile(HUGE, seconds=0.01)
    assert "second" in child.compile(PAGE.format("second"))


def test_document_that_mjml_refuses_says_why_and_keeps_the_process(child: MjmlChild) -> None:
    child.compile(PAGE.format("first"))
    before = processes()
    with pytest.raises(MjmlError, match="MJML: "):
        child.compile("<mjml>")
    assert "second" in child.compile(PAGE.format("second"))
    assert processes() == before


def test_process_that_was_ended_from_outside_costs_no_document(child: MjmlChild) -> None:
    before = processes()
    child.compile(PAGE.format("first"))
    (pid,) = processes() - before
    psutil.Process(pid).kill()
    assert "second" in child.compile(PAGE.format("second"))


def test_threads_that_compile_at_once_get_each_their_own_page(child: MjmlChild) -> None:
    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda number: child.compile(PAGE.format(f"<b>{number}</b>")), range(64)))
    assert all(f"<b>{number}</b>" in page for number, page in enumerate(pages))


def test_forked_process_compiles_with_a_process_of_its_own() -> None:
    script = f"""
import os
from ccm.render.mjml_child import CHILD
page = {PAGE!r}
CHILD.compile(page.format("parent"))
for number in range(3):
    pid = os.fork()
    if not pid:
        found = all(f"fork {{n}}" in CHILD.compile(page.format(f"fork {{n}}")) for n in range(5))
        CHILD.close()
        os._exit(0 if found else 1)
    assert "mine" in CHILD.compile(page.format("mine"))
    assert os.waitpid(pid, 0)[1] == 0
print("done")
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("done\n", "")


@pytest.mark.parametrize("end", ["sys.exit()", "os.kill(os.getpid(), 9)"])
def test_process_ends_with_its_parent(end: str) -> None:
    script = f"""
import os, sys
from ccm.render.mjml_child import CHILD
CHILD.compile({PAGE.format("x")!r})
print(CHILD._child.process.pid, flush=True)
{end}
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    pid = int(done.stdout)
    for _ in range(500):
        if gone(pid):
            return
        time.sleep(0.02)
    os.kill(pid, 9)
    raise AssertionError("the compiler outlived its parent")


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
