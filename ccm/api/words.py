"""The page's words, in English and Japanese. `{…}` is filled by `str.format` with values that templates escape."""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES: Mapping[str, str] = {"en": "English", "ja": "日本語"}
CHANNELS: Mapping[str, tuple[str, str]] = {
    "email": ("E-mail", "メール"),
    "sms": ("Text message (SMS)", "SMS"),
    "letter": ("Letter", "郵便"),
    "line": ("LINE", "LINE"),
    "whatsapp": ("WhatsApp", "WhatsApp"),
    "push": ("Notification in the app", "アプリの通知"),
    "social": ("Social network", "SNS"),
    "inbox": ("Inbox in online banking", "オンラインバンキングの受信箱"),
}
_WORDS: Mapping[str, tuple[str, str]] = {
    "title": ("What we send you", "お知らせの受け取り設定"),
    "switch": ("Language of this page", "このページの言語"),
    "for": ("These are the choices for {hint}.", "{hint} 宛ての設定です。"),
    "for_nobody": ("These are the choices for the recipient of our message.", "お知らせをお届けした方の設定です。"),
    "intro": (
        "Choose what reaches you, and how. You need no password. What you save counts at once.",
        "お届けするお知らせと方法をお選びください。パスワードは不要です。保存した内容はすぐに反映されます。",
    ),
    "stop_title": ("No advertising at all", "広告をすべて停止する"),
    "stop_text": (
        "One press ends all advertising on every channel. Messages that we owe you still come.",
        "ボタンを押すと、すべての方法による広告が止まります。必要なお知らせは引き続きお届けします。",
    ),
    "stop": ("Stop all advertising", "すべての広告を停止する"),
    "topics": ("What you get", "お届けするお知らせ"),
    "advert": ("Advertising", "広告"),
    "service": ("Service", "ご案内"),
    "pause": ("Pause", "一時停止"),
    "pause_text": (
        "Nothing of what is above comes until then. Your choices stay.",
        "その日まで、上記のお知らせをお届けしません。設定は残ります。",
    ),
    "paused": ("Paused until {date}", "{date}まで一時停止中"),
    "pause_keep": ("Keep this pause", "このまま一時停止する"),
    "pause_keep_none": ("No pause", "一時停止しない"),
    "pause_none": ("End the pause now", "今すぐ再開する"),
    "pause_days": ("For {days} days", "{days}日間"),
    "pause_date": ("Until a day of my choice", "日を指定する"),
    "pause_day": ("Day on which messages begin again", "お知らせを再開する日"),
    "language": ("Language of our messages", "お知らせの言語"),
    "format": ("Accessible format", "読みやすい形式"),
    "large_print": ("Letters in large print", "郵便を大きな文字でお届けする"),
    "save": ("Save my choices", "設定を保存する"),
    "owed": ("What always reaches you", "必ずお届けするお知らせ"),
    "owed_text": (
        "You can't switch these off, as we have to send them:",
        "次のお知らせは、お届けする必要があるため停止できません。",
    ),
    "owed_regulatory": ("The law asks us to send it.", "法令によりお届けが義務づけられています。"),
    "owed_transactional": (
        "It is part of a service you use, or keeps your money safe.",
        "ご利用中のサービスに必要な、または安全のためのお知らせです。",
    ),
    "help": ("Questions? Call us on {phone}.", "お問い合わせは {phone} へお電話ください。"),
    "done_title": ("Saved", "保存しました"),
    "undone_title": ("Taken back", "元に戻しました"),
    "nothing_title": ("Nothing was changed", "変更はありません"),
    "nothing": ("Everything is as it was.", "設定は元のままです。"),
    "did": ("This is what changed:", "変更した内容："),
    "did_on": ("{names}: {channel} is on.", "{names}：{channel}でお届けします。"),
    "did_off": ("{names}: {channel} is off.", "{names}：{channel}ではお届けしません。"),
    "did_pause": ("Paused until {date}.", "{date}まで一時停止します。"),
    "did_unpause": ("The pause has ended.", "一時停止を終了しました。"),
    "did_language": ("Our messages will be in {language}.", "お知らせの言語を{language}にしました。"),
    "did_large": ("Letters will come in large print.", "郵便を大きな文字でお届けします。"),
    "did_usual": ("Letters will come in the usual print.", "郵便を通常の文字でお届けします。"),
    "did_stop": ("No more advertising, on any channel.", "すべての方法による広告を停止しました。"),
    "did_resume": ("Advertising may come again by: {channels}.", "広告のお届けを再開します：{channels}。"),
    "undo": ("Take this back", "元に戻す"),
    "back": ("Back to all choices", "設定のページに戻る"),
    "wrong_title": ("Please look at the form again", "入力内容をご確認ください"),
    "wrong_pause_date": (
        "The day for the pause must be after today, and within a year.",
        "一時停止の日は、明日から1年以内の日をお選びください。",
    ),
    "wrong": ("The form could not be read. Nothing was changed.", "フォームを読み取れませんでした。変更はありません。"),
    "lost_title": ("Please use the link in a message of ours", "お知らせに記載のリンクをご利用ください"),
    "lost_text": (
        "Each e-mail from us has a link of its own that opens your choices. It works for {days} days. This page has "
        "opened without such a link, or with one that is too old or not complete.",
        "当社からのメールには、お客さま専用のリンクがあります。リンクの有効期間は{days}日です。リンクがない、期限が過ぎている、"
        "または一部が欠けているため、設定を表示できません。",
    ),
    "lost_call": (
        "Have you lost the link? Call us on {phone}, and we change your choices for you.",
        "リンクが見つからない場合は、{phone} へお電話ください。代わりに設定を変更いたします。",
    ),
    "lost_send_title": ("Have you lost the link?", "リンクが見つからない場合"),
    "lost_send_text": (
        "Enter the e-mail address at which we write to you. We send a new link there, once an hour at most.",
        "当社からのメールが届くメールアドレスをご入力ください。新しいリンクをお送りします（1時間に1回まで）。",
    ),
    "lost_address": ("E-mail address", "メールアドレス"),
    "lost_send": ("Send me a link", "リンクを送る"),
    "lost_send_call": (
        "Do we not write to you by e-mail? Call us on {phone}, and we change your choices for you.",
        "メールをご利用でない場合は、{phone} へお電話ください。代わりに設定を変更いたします。",
    ),
    "wrong_address": (
        "Please enter an e-mail address such as name@example.com.",
        "name@example.com のような形でメールアドレスをご入力ください。",
    ),
    "asked_title": ("Please look at your e-mail", "メールをご確認ください"),
    "asked_text": (
        "If we write to you at the address that you entered, a link is on its way there. Nothing after ten minutes? "
        "Then look among unwanted mail, or call us on {phone}. For your safety we do not say here whether we know an "
        "address.",
        "ご入力のメールアドレスが当社に登録されている場合は、リンクをお送りします。10分たっても届かないときは、迷惑メールのフォルダを"
        "ご確認いただくか、{phone} へお電話ください。安全のため、登録の有無はこの画面ではお知らせしません。",
    ),
    "lost_stop_title": ("Only want it to stop?", "広告の停止だけをご希望の場合"),
    "lost_stop_text": (
        "If you came here by a link from our advertising, however old, this button ends advertising on the channel "
        "that it came by.",
        "広告のお知らせのリンクから来られた場合は、古いリンクでも、このボタンでその方法による広告を停止できます。",
    ),
    "lost_stop": ("Stop this advertising", "この広告を停止する"),
    "stopped_title": ("Thank you", "承りました"),
    "stopped_text": (
        "If the link was whole and of ours, advertising on its channel has ended. What is on its way may still come.",
        "リンクが正しい場合、その方法による広告を停止しました。すでに発送したものは届くことがあります。",
    ),
    "slow_title": ("One moment, please", "しばらくお待ちください"),
    "slow_text": ("Too many requests came at once. Please try again in a minute.",
                  "アクセスが集中しています。1分後にもう一度お試しください。"),
    "slow_hour_text": (
        "Many links were asked for from where you are. Please try again in an hour, or call us on {phone}.",
        "リンクのお申し込みが集中しています。1時間後にもう一度お試しいただくか、{phone} へお電話ください。",
    ),
}  # fmt: skip


class Words:
    """The words in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._place = 1 if language == "ja" else 0

    def __call__(self, name: str, **values: object) -> str:
        """The words called `name`, filled."""
        return _WORDS[name][self._place].format(**values)

    def channel(self, name: str) -> str:
        """A channel's name."""
        return CHANNELS[name][self._place]
