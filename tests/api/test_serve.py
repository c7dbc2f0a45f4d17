"""`ccm serve` as a process of its own, asked by curl-like clients and by a real browser."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from api_parts import ONE_CLICK, PATH, customer_with, stated, token_for
from chromium_parts import CHROMIUM, browser
from sqlalchemy import select
from support import Bank

from ccm.pipeline.project import wall_clock
from ccm.store import feeds
from ccm.store.tables import messages

pytestmark = pytest.mark.parametrize("dialect", ["sqlite"])


@contextmanager
def served(bank: Bank) -> Iterator[tuple[str, Path]]:
    """The address of a process that serves the bank, and the file that its log goes to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root = bank.project.workspace.root
    log = root.parent / "serve.log"
    command = [sys.executable, "-m", "ccm", "serve", "--workspace", str(root), "--port", str(port)]
    environ = {**os.environ, "CCM_STORE_URL": bank.project.store.url}
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environ)
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(600):
                assert process.poll() is None, log.read_text()
                try:
                    if httpx.get(f"{address}/readyz").status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.1)
            yield address, log
        finally:
            process.terminate()
            process.wait(30)


def test_a_process_serves_the_page_takes_one_click_and_logs_no_token(bank: Bank) -> None:
    bank.project.clock = wall_clock
    name = customer_with(bank)
    token = token_for(bank, name, at=wall_clock())
    before = len(stated(bank, name)[1])
    with served(bank) as (address, log):
        link = f"{address}{PATH}?t={token}"
        assert httpx.get(link).status_code == 200
        assert len(stated(bank, name)[1]) == before
        assert httpx.post(link, data=ONE_CLICK).status_code == 200
        assert len(stated(bank, name)[1]) == before + 1
        assert httpx.get(link, headers={"host": "evil.example"}).status_code == 400
        if CHROMIUM:
            page = _dumped(f"{link}&lang=ja", bank.project.workspace.root.parent / "profile")
            assert '<html lang="ja">' in page
            assert "すべての広告を停止する" in page
            assert re.search(r'<input type="checkbox" name="on" value="offers.email">', page)
    told = log.read_text(encoding="utf-8")
    assert "GET /prefs 200" in told
    assert token not in told
    assert name not in told


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium")
def test_a_browser_asks_for_a_lost_link_and_changes_choices_by_pressing_buttons(bank: Bank) -> None:
    bank.project.clock = wall_clock
    bank.approve("preference-link")
    name = customer_with(bank)
    token = token_for(bank, name, at=wall_clock())
    with bank.project.store.read() as connection:
        mailbox = feeds.customers(connection, [name])[name].contact_points["email"]
    with served(bank) as (address, log), browser(bank.project.workspace.root.parent / "profile") as tab:
        tab.open(f"{address}{PATH}?lang=ja")
        tab.type("#address", mailbox)
        tab.click("button[value=link]")
        tab.wait("document.querySelector('h1')?.innerText == 'メールをご確認ください'")
        assert mailbox not in tab.value("location.href")
        before = stated(bank, name)
        tab.open(f"{address}{PATH}?t={token}&lang=en")
        tab.click("input[value='offers.email']")
        tab.click("button[value=save]")
        tab.wait("document.body?.innerText.includes('E-mail is off.')")
        assert stated(bank, name) != before
    # The process has ended, and did before what it had promised.
    with bank.project.store.read() as connection:
        found = connection.execute(select(messages.c.customer_id, messages.c.state, messages.c.communication)).all()
    assert [tuple(row) for row in found] == [(name, "due", "preference-link")]
    assert mailbox not in log.read_text(encoding="utf-8")


def test_a_missing_key_stops_the_start_with_its_name(bank: Bank) -> None:
    bank.project.links()
    path = bank.project.path(bank.project.workspace.settings.preference_page.key)
    path.unlink()
    command = [sys.executable, "-m", "ccm", "serve", "--workspace", str(bank.project.workspace.root), "--port", "0"]
    environ = {**os.environ, "CCM_STORE_URL": bank.project.store.url}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environ, check=False)
    assert done.returncode == 2
    assert "links.key: there is no such file; put it back" in done.stderr
    assert "Traceback" not in done.stderr


def _dumped(url: str, profile: Path) -> str:
    """The page as Chromium has it after loading its style sheet."""
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}", "--dump-dom"]
    return subprocess.run([*command, url], capture_output=True, text=True, timeout=120, check=True).stdout
