"""Numbers for the words that traces repeat.

The list only ever grows at its end: a word's number is its place, so one that was moved or taken out would make
stored traces say something else. A word without a number costs its letters, and no more.
"""

from __future__ import annotations

WORDS = (
    "",
    # channels
    "email", "sms", "letter", "line", "whatsapp", "push", "social", "inbox", "*",
    # states of customers and cases
    "active", "closed", "deceased", "open", "complaint",
    # purposes of communications and consents
    "marketing", "servicing", "transactional", "regulatory", "e_delivery",
    # bases of consent
    "none", "opt_out", "provided_contact", "soft_opt_in", "opt_in", "double_opt_in", "opt_in_written", "e_sign",
    # states of contacts
    "reserved", "sent", "delivered", "failed", "released", "unknown", "bounced", "accepted",
    # reasons
    "preferred", "default_order", "fallback", "held_for_quiet_hours", "unknown_customer", "jurisdiction_not_served",
    "language_not_served", "complaint_open", "complaint_recent", "opted_out", "no_consent", "consent_withdrawn",
    "consent_too_weak", "paused", "no_address", "no_channel", "cap", "quiet_hours", "expires_in_quiet_hours", "expired",
    "already_sent", "holdout", "taken", "not_offered", "not_preferred", "not_needed", "digested",
    # kinds of suppressions
    "hard_bounce", "invalid_contact_point", "bereavement", "vulnerable", "legal_hold", "do_not_contact",
    # kinds of relations
    "household", "joint", "guardian", "correspondence",
    # classes of priority
    "highest", "high", "normal", "low", "lowest", "critical", "urgent",
    # languages, places and zones that many customers share
    "en-US", "en-GB", "ja-JP", "en", "ja", "US", "GB", "JP", "Europe/London", "Asia/Tokyo", "America/New_York",
    "America/Chicago", "America/Denver", "America/Los_Angeles", "large_print",
)  # fmt: skip
CODES = {word: place for place, word in enumerate(WORDS)}
REACH = ("email", "sms", "letter", "line", "whatsapp", "push", "social", "inbox")
"""Channels by the bit that says whether there is an address on them; it grows as `WORDS` does."""
