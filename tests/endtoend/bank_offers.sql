-- What must become of each customer of the shared bank feed when the savings offer is run on 2026-04-01 at 00:30 UTC.
-- Straight from the CSV files and the written rules, without any code of the project. `$bank` is the feed's folder.
-- Times are compared in UTC; clocks on the wall are those of the customer's zone, or the capital's where it is missing.
WITH
instant AS (SELECT TIMESTAMPTZ '2026-04-01 00:30:00+00' AS run_at),
customers AS (SELECT * FROM read_csv($bank || '/customers.csv', all_varchar = true)),
preferences AS (SELECT * FROM read_csv($bank || '/preferences.csv', all_varchar = true)),
consents AS (
    SELECT customer_id, purpose, channel, basis, granted = 'true' AS granted, "at"::TIMESTAMPTZ AS said
    FROM read_csv($bank || '/consents.csv', all_varchar = true)
),
cases AS (
    SELECT customer_id, kind, opened_at::TIMESTAMPTZ AS opened, closed_at::TIMESTAMPTZ AS closed
    FROM read_csv($bank || '/cases.csv', all_varchar = true)
),
history AS (
    SELECT customer_id, category, sent_at::TIMESTAMPTZ AS sent
    FROM read_csv($bank || '/contact_history.csv', all_varchar = true) WHERE status <> 'failed'
),
-- One row a customer and channel, in the order to try: the customer's ranks, else e-mail before SMS.
ranked AS (
    SELECT customer_id, channel, rank::INTEGER AS place FROM preferences
    WHERE category IN ('*', 'offers') AND channel <> '*' AND rank IS NOT NULL AND allowed = 'true'
),
wanted AS (
    SELECT * FROM ranked
    UNION ALL
    SELECT customer_id, channel, place FROM customers, (VALUES ('email', 1), ('sms', 2)) AS usual (channel, place)
    WHERE customer_id NOT IN (SELECT customer_id FROM ranked)
),
newest AS (
    SELECT customer_id, channel, basis, granted FROM consents, instant
    WHERE purpose = 'marketing' AND said <= run_at
    QUALIFY row_number() OVER (PARTITION BY customer_id, channel ORDER BY said DESC, granted) = 1
),
looked_at AS (
    SELECT wanted.*, CASE
        WHEN channel NOT IN ('email', 'sms') THEN 'not_offered'
        WHEN channel = 'email' AND NOT coalesce(regexp_matches(email, '^[^@ ]+@[^@ ]+[.][^@ ]+$'), false)
            THEN 'no_address'
        WHEN channel = 'sms' AND NOT coalesce(regexp_matches(mobile, '^[+][0-9]{9,15}$'), false) THEN 'no_address'
        WHEN EXISTS (
            SELECT 1 FROM preferences AS no WHERE no.customer_id = wanted.customer_id AND no.allowed = 'false'
            AND no.category IN ('*', 'offers') AND no.channel IN ('*', wanted.channel)
        ) THEN 'opted_out'
        WHEN newest.granted IS NULL THEN 'no_consent'
        WHEN NOT newest.granted THEN 'consent_withdrawn'
        -- 47 CFR 64.1200(a)(2): advertising by text needs consent in writing.
        WHEN channel = 'sms' AND jurisdiction = 'US' AND newest.basis <> 'opt_in_written' THEN 'consent_too_weak'
        ELSE 'possible'
    END AS why
    FROM wanted JOIN customers USING (customer_id) LEFT JOIN newest USING (customer_id, channel)
),
chosen AS (SELECT customer_id, arg_min(channel, place) AS channel FROM looked_at WHERE why = 'possible' GROUP BY ALL),
-- The reason that a person would name first, where no channel is possible.
refused AS (
    SELECT customer_id, coalesce(
        ['opted_out', 'consent_withdrawn', 'consent_too_weak', 'no_consent', 'no_address'][
            min(list_position(
                ['opted_out', 'consent_withdrawn', 'consent_too_weak', 'no_consent', 'no_address'], why
            ))
        ], 'no_channel') AS why
    FROM looked_at WHERE customer_id NOT IN (SELECT customer_id FROM chosen) GROUP BY customer_id
),
-- Texts wait for 8:00 from 21:00 on, in Florida from 20:00 on (Fla. Stat. 501.616(6)(a)).
clocks AS (
    SELECT customer_id, channel, run_at, coalesce(customers.timezone, CASE jurisdiction
        WHEN 'US' THEN 'America/New_York' WHEN 'GB' THEN 'Europe/London' WHEN 'JP' THEN 'Asia/Tokyo'
    END) AS zone, CASE WHEN jurisdiction = 'US' AND region = 'FL' THEN 20 ELSE 21 END AS closes
    FROM chosen JOIN customers USING (customer_id), instant
),
due AS (
    SELECT customer_id, CASE
        WHEN channel = 'email' OR hour(timezone(zone, run_at)) BETWEEN 8 AND closes - 1 THEN run_at
        WHEN hour(timezone(zone, run_at)) < 8
            THEN timezone(zone, date_trunc('day', timezone(zone, run_at)) + INTERVAL 8 HOUR)
        ELSE timezone(zone, date_trunc('day', timezone(zone, run_at)) + INTERVAL 32 HOUR)
    END AS due
    FROM clocks
),
-- Two offers in any 7 days, five in any 30; a window does not hold both of its ends.
full_caps AS (
    SELECT customer_id FROM due JOIN history USING (customer_id) WHERE category = 'offers'
    GROUP BY customer_id, due
    HAVING count(*) FILTER (sent > due - INTERVAL 168 HOUR) >= 2
        OR count(*) FILTER (sent > due - INTERVAL 720 HOUR) >= 5
)
SELECT customer_id, CASE
    WHEN status <> 'active' THEN status
    WHEN jurisdiction NOT IN ('US', 'GB', 'JP') THEN 'jurisdiction_not_served'
    WHEN split_part(language, '-', 1) NOT IN ('en', 'ja') THEN 'language_not_served'
    WHEN EXISTS (
        SELECT 1 FROM cases WHERE cases.customer_id = customers.customer_id AND kind = 'complaint'
        AND opened <= run_at AND (closed IS NULL OR closed > run_at)
    ) THEN 'complaint_open'
    WHEN EXISTS (
        SELECT 1 FROM cases WHERE cases.customer_id = customers.customer_id AND kind = 'complaint'
        AND closed <= run_at AND run_at < closed + INTERVAL 336 HOUR
    ) THEN 'complaint_recent'
    WHEN refused.why IS NOT NULL THEN refused.why
    WHEN customer_id IN (SELECT customer_id FROM full_caps) THEN 'cap'
    ELSE chosen.channel
END AS outcome
FROM customers CROSS JOIN instant LEFT JOIN refused USING (customer_id) LEFT JOIN chosen USING (customer_id)
ORDER BY customer_id
