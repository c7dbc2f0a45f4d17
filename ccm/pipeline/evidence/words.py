"""The words of an evidence pack in English and Japanese."""

from __future__ import annotations

from collections.abc import Mapping

from ccm.pipeline.evidence.collect import Found
from ccm.pipeline.explain.names import NAMES

KINDS: Mapping[str, tuple[str, str]] = {
    "message": ("one message", "通知1件"),
    "customer": ("all messages of a customer", "お客さま1名の全通知"),
    "release": ("a release", "版"),
}
LABELS: Mapping[str, tuple[str, str]] = {
    "title": ("Evidence", "証跡"),
    "about": ("About", "対象"),
    "made": ("Made", "作成日時"),
    "by": ("By", "作成者"),
    "purpose": ("Purpose", "目的"),
    "log": ("Audit log", "監査ログ"),
    "entries": ("Log entries proved", "証明付きログ記録"),
    "messages": ("Messages", "通知"),
    "releases": ("Releases and approvals", "版と承認"),
    "message": ("Message, SHA-256 of its body", "通知、本文のSHA-256"),
    "communication": ("Communication", "種類"),
    "decided": ("Decided for", "判断日時"),
    "state": ("State", "状態"),
    "gone": ("the content was erased", "内容は消去済み"),
    "none": ("nothing was rendered", "本文なし"),
    "more": ("and {count} more, in the files", "ほか{count}件（ファイル参照）"),
    "action": ("Action", "操作"),
    "person": ("Person", "担当者"),
    "at": ("At", "日時"),
    "use": ("first used {first}, last used {last}, {count} messages", "初回 {first}、最終 {last}、通知 {count}件"),
    "unused": ("never used", "未使用"),
    "verify": ("How to check it", "確認方法"),
    "how": (
        "README.txt says how. Nothing on this page proves anything by itself: the proofs are in the files beside it,"
        " and ccm-verify checks them with the log's public key, without the bank's systems.",
        "手順はREADME.txtにあります。このページ自体は証明にはなりません。証明は同梱のファイルにあり、ccm-verifyが"
        "監査ログの公開鍵だけで、銀行のシステムを使わずに確認します。",
    ),
}
STATES: Mapping[str, tuple[str, str]] = {
    "due": ("waits to go", "送信待ち"), "claimed": ("waits to go", "送信待ち"), "sending": ("being sent", "送信中"),
    "accepted": ("the supplier took it", "配信会社が受付"), "delivered": ("delivered", "配信済み"),
    "failed": ("failed", "不達"), "unknown": ("outcome not known", "結果不明"),
    "withheld": ("not sent", "送信せず"), "set_aside": ("set aside", "保留"),
    "digested": ("part of a digest", "まとめ便に収録"), "cancelled": ("cancelled", "取消し"),
    **NAMES["action"],
}  # fmt: skip

_README = """\
EVIDENCE

This archive holds evidence about {kind_en}: {id}
Made {made_at} from the audit log {origin}

How to check it, on a machine that has nothing of the bank's:

1. Get the program ccm_verify.py and the log's public key (a line of text) from the bank or from a third party, not
   from this archive. keys.txt in here is for comparison only.
2. Install Python 3.11 or later and the package cryptography.
3. Run:  python ccm_verify.py --key KEYS pack.zip

It says what was proved and what was not. Proved means: it stood in the signed log when the checkpoint was signed, and
nobody can have changed it since. A signature says what the log holds, not that it was true.

  cover.pdf                    one page to read
  messages/ID/body.*           what was sent, byte for byte (eml: e-mail, pdf: letter, txt: text message)
  messages/ID/message.json     to whom, when, in which wording; the data it came from by digest
  messages/ID/trace.bin        how the decision was taken (trace.json of messages of earlier versions);
                               explained.en.txt says it in words
  messages/ID/consent.json     the consent that it rested on, with its evidence; none where it needed none
  policies/DIGEST.json         the policy that the decision was taken by
  messages/ID/log.json         what the log says of it: decision, hand-over, delivery, who looked
  releases/DIGEST/release.json what the words were made of; its SHA-256 is the digest that was approved
  releases/DIGEST/parts/       those parts: templates, wording, rules with their sources, settings
  releases/DIGEST/source/      templates as their authors wrote them
  releases/DIGEST/approvals.json, use.json   who approved it and when; first and last use
  proofs/, rotations/, checkpoint.txt        proofs (C2SP tlog-proof) under one signed checkpoint
  earlier/                     the first checkpoint that covers the decisions, and that the log only grew since
  manifest.json                SHA-256 of every file; access.tlog-proof shows that its digest is in the log

証跡

このアーカイブは次の対象の証跡です。{kind_ja}: {id}
作成日時 {made_at}、監査ログ {origin}

銀行のシステムがない機械での確認方法:

1. プログラムccm_verify.pyと監査ログの公開鍵（1行の文字列）を、このアーカイブからではなく、銀行または第三者から
   受け取ってください。同梱のkeys.txtは照合用です。
2. Python 3.11以降とパッケージcryptographyを入れてください。
3. 実行:  python ccm_verify.py --key 鍵ファイル pack.zip

証明できたこと（PROVED）とできなかったこと（NOT PROVED）が表示されます。証明できたことは、署名の時点で監査ログにあり、
その後変更されていません。署名はログの内容を示すもので、内容が事実であることを示すものではありません。

  cover.pdf                    表紙（1ページ）
  messages/ID/body.*           送った本文そのもの（eml: メール、pdf: 手紙、txt: SMSなど）
  messages/ID/message.json     宛先、日時、文言の版、元データのダイジェスト
  messages/ID/trace.bin        判断の経過（以前の版のメッセージはtrace.json）。explained.ja.txtは同じ内容の文章
  messages/ID/consent.json     根拠とした同意とその証跡（同意が不要な場合はなし）
  policies/DIGEST.json         判断に用いた方針
  messages/ID/log.json         ログの記録: 判断、引渡し、配信結果、閲覧者
  releases/DIGEST/release.json 文面の構成要素。そのSHA-256が承認された版のダイジェスト
  releases/DIGEST/parts/       構成要素: テンプレート、文言、規則とその根拠、設定
  releases/DIGEST/source/      作成者が書いたままのテンプレート
  releases/DIGEST/approvals.json, use.json   承認者と日時、初回と最終の使用
  proofs/, rotations/, checkpoint.txt        署名付きチェックポイントに対する証明（C2SP tlog-proof）
  earlier/                     判断を含む最初のチェックポイントと、以後追記のみであることの証明
  manifest.json                全ファイルのSHA-256。access.tlog-proofはそのダイジェストがログにあることの証明
"""


def word(key: str, language: str, **values: object) -> str:
    """A label or a state in the reader's language; one without words stands for itself."""
    found = LABELS.get(key) or STATES.get(key) or (key, key)
    return found[language == "ja"].format(**values)


def readme(found: Found, made_at: str, origin: str) -> str:
    """README.txt: how to check the pack, in both languages."""
    english, japanese = KINDS[found.about.kind]
    return _README.format(kind_en=english, kind_ja=japanese, id=found.about.id, made_at=made_at, origin=origin)
