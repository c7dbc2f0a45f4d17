"""Words of the simulation's report, in the languages of its user interface."""

from __future__ import annotations

from ccm.cli.preview import UiLanguage

_EN = {
    "title": "Simulation",
    "nothing_sent": "Nothing was sent and nothing was written. Runs are planned, triggers are what is expected.",
    "customers": "customers.",
    "at_a_glance": "At a glance", "messages": "Messages", "withheld": "Not sent", "later": "Put off to a later time",
    "digested": "Told in a digest",
    "segments": "Parts of text messages", "pages": "Printed pages", "cost": "Cost",
    "difference": "Difference", "by_day": "Messages a day", "by_communication": "By communication",
    "communication": "Communication", "channel": "Channel", "reason": "Reason", "why_not": "Why messages are not sent",
    "displaced": "Who takes whose room",
    "displaced_note": "A message that a cap held back or put off is listed with each communication that had filled it.",
    "cap": "Cap", "by": "Filled by", "nothing_displaced": "No cap held anything back.",
    "costs": "Parts, pages and costs", "jurisdiction": "Country", "source": "Prices: {source}",
    "sizes_note": "Parts and pages are means over the samples of each communication; real ones vary with the data.",
    "lacks_price": "The cost is too low: the price table lacks prices for {count} messages.",
    "lacks_sample": "Parts, pages and cost are too low: no sample shows how long {count} messages are.",
    "marked": "Their rows are marked *.", "counted": "{first} to {last}: {customers} customers in {seconds} s",
    "written": "report: {page}",
    "no_prices": "There is no price table, so nothing is said of costs.", "put_off": "Put off, and why",
    "total": "All", "day": "Day", "figures": "The figures",
    "after": "Not in the chart: {count} messages that were put off and go out after the last day.",
    "assumptions": "What is assumed: every message that goes out arrives; preferences, consents and cases stay as they "
    "are; data are there for everybody; nobody answers.",
}  # fmt: skip
_JA = {
    "title": "シミュレーション",
    "nothing_sent": "送信も書き込みも行っていません。配信予定と、想定されるトリガーをもとにしています。",
    "customers": "名のお客さま。",
    "at_a_glance": "概要", "messages": "送信件数", "withheld": "送らない件数", "later": "後の時刻に回す件数",
    "digested": "まとめて知らせる件数",
    "segments": "SMSの通数", "pages": "印刷ページ数", "cost": "費用",
    "difference": "差", "by_day": "日別の送信件数", "by_communication": "通知別",
    "communication": "通知", "channel": "チャネル", "reason": "理由", "why_not": "送らない理由",
    "displaced": "上限を先に使った通知",
    "displaced_note": "上限のために送れない、または後に回る通知ごとに、その上限を使っていた通知を示します。",
    "cap": "上限", "by": "先に使った通知", "nothing_displaced": "上限による見送りはありません。",
    "costs": "通数・ページ数・費用", "jurisdiction": "国", "source": "単価：{source}",
    "sizes_note": "通数とページ数は各通知のサンプルの平均です。実際の件数はデータにより異なります。",
    "lacks_price": "費用は実際より少なく出ています。単価表に単価のない通知が{count}件あります。",
    "lacks_sample": "通数・ページ数・費用は実際より少なく出ています。"
    "長さの分かるサンプルのない通知が{count}件あります。",
    "marked": "表の*印の行です。", "counted": "{first}から{last}：お客さま{customers}名、{seconds}秒",
    "written": "報告書：{page}",
    "no_prices": "単価表がないため、費用は示していません。", "put_off": "後に回す理由",
    "total": "合計", "day": "日付", "figures": "数値を表示",
    "after": "図に含まれていないもの：最終日より後に送られる通知{count}件。",
    "assumptions": "前提：送信した通知はすべて届き、希望・同意・苦情の状況は変わらず、データはすべてそろい、"
    "返信はないものとします。",
}  # fmt: skip
WORDS = {UiLanguage.EN: _EN, UiLanguage.JA: _JA}
