"""Time zones of the parts of countries that have several.

Sources: the comments of ``zone.tab`` in the IANA time zone database; for the United States 49 CFR part 71. Places that
by custom keep the clock of the neighbouring state count with it too (Phenix City AL, Kenton OK, Jackpot NV), for in
doubt all clocks must allow a message. Of zones of one part whose clocks agree, one stands for all.
"""

from __future__ import annotations

_EASTERN, _CENTRAL, _MOUNTAIN, _PACIFIC = "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"
_US: dict[tuple[str, ...], str] = {
    (_EASTERN,): "CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV",
    (_EASTERN, _CENTRAL): "AL FL KY TN",
    ("America/Detroit", "America/Menominee"): "MI",
    ("America/Indiana/Indianapolis", _CENTRAL): "IN",
    (_CENTRAL,): "AR IA IL LA MN MO MS WI",
    (_CENTRAL, _MOUNTAIN): "KS ND NE OK SD TX",
    (_MOUNTAIN,): "CO MT NM UT WY",
    ("America/Phoenix", _MOUNTAIN): "AZ",
    ("America/Boise", _PACIFIC): "ID OR",
    (_MOUNTAIN, _PACIFIC): "NV",
    (_PACIFIC,): "CA WA",
    ("America/Anchorage", "America/Metlakatla", "America/Adak"): "AK",
    ("Pacific/Honolulu",): "HI",
    # Territories, which some feeds write as states.
    ("America/Puerto_Rico",): "PR",
    ("America/St_Thomas",): "VI",
    ("Pacific/Guam",): "GU",
    ("Pacific/Saipan",): "MP",
    ("Pacific/Pago_Pago",): "AS",
    # Addresses of the armed forces (USPS Publication 28) may be anywhere: no zone is known.
    (): "AA AE AP",
}
_CA: dict[tuple[str, ...], str] = {
    ("America/St_Johns", "America/Goose_Bay"): "NL",
    ("America/Halifax",): "NS PE",
    ("America/Moncton",): "NB",
    ("America/Toronto", "America/Halifax", "America/Blanc-Sablon"): "QC",
    ("America/Toronto", "America/Winnipeg", "America/Atikokan"): "ON",
    ("America/Winnipeg",): "MB",
    ("America/Regina", "America/Swift_Current", "America/Edmonton"): "SK",
    ("America/Edmonton",): "AB",
    (
        "America/Vancouver", "America/Edmonton", "America/Creston", "America/Dawson_Creek", "America/Fort_Nelson",
    ): "BC",
    ("America/Whitehorse", "America/Dawson"): "YT",
    ("America/Edmonton", "America/Inuvik"): "NT",
    (
        "America/Iqaluit", "America/Atikokan", "America/Resolute", "America/Rankin_Inlet", "America/Cambridge_Bay",
    ): "NU",
}  # fmt: skip
_AU: dict[tuple[str, ...], str] = {
    ("Australia/Sydney", "Australia/Broken_Hill", "Australia/Lord_Howe"): "NSW",
    ("Australia/Sydney",): "ACT",
    ("Australia/Melbourne",): "VIC",
    ("Australia/Brisbane", "Australia/Lindeman"): "QLD",
    ("Australia/Adelaide",): "SA",
    ("Australia/Perth", "Australia/Eucla"): "WA",
    ("Australia/Hobart", "Antarctica/Macquarie"): "TAS",
    ("Australia/Darwin",): "NT",
}

REGIONS: dict[str, dict[str, tuple[str, ...]]] = {
    country: {code: zones for zones, codes in table.items() for code in codes.split()}
    for country, table in (("US", _US), ("CA", _CA), ("AU", _AU))
}
"""Country (ISO 3166-1) to part (ISO 3166-2, without the country) to all its zones; none: nobody knows."""
