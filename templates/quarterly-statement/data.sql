-- One row a customer: the account's balances and bookings from $period_start to $period_end (both included).
-- Credits count up, debits down. The order of a day's bookings is settled later, by their balances.
-- The core system books in English; a Japanese statement says the usual bookings in Japanese.
WITH printed (booked_as, ja) AS (
    VALUES
        ('Cash withdrawal', '現金お引き出し'),
        ('Cash deposit', '現金お預け入れ'),
        ('Card withdrawal', 'カードお引き出し'),
        ('Card payment', 'カードお支払い'),
        ('Transfer in', 'お振込入金'),
        ('Transfer out', 'お振込'),
        ('Interest credited', 'お利息'),
        ('Overdraft interest', '当座貸越利息'),
        ('Statement fee', '明細書発行手数料'),
        ('Loan payment', 'ローンご返済'),
        ('Household', '公共料金等'),
        ('Pension', '年金'),
        ('Insurance', '保険料')
),
owned AS (
    SELECT customer_id, language[1:2] AS language, unnest(account_ids) AS account_id FROM customers
),
booked AS (
    SELECT
        customer_id,
        account_id,
        transaction_id,
        booked_on,
        CASE WHEN owned.language = 'ja' THEN coalesce(printed.ja, description) ELSE description END AS description,
        nullif(counterparty, '') AS counterparty,
        CASE kind WHEN 'credit' THEN amount ELSE -amount END AS amount,
        balance
    FROM transactions
    JOIN owned USING (account_id)
    LEFT JOIN printed ON printed.booked_as = transactions.description
    WHERE booked_on BETWEEN $period_start AND $period_end
),
totals AS (
    SELECT
        customer_id,
        account_id,
        sum(amount) AS change,
        sum(greatest(amount, 0)) AS total_in,
        sum(greatest(-amount, 0)) AS total_out,
        list(
            {
                'booked_on': booked_on, 'description': description, 'counterparty': counterparty,
                'amount': amount, 'balance': balance
            }
            ORDER BY booked_on, transaction_id
        ) AS transactions
    FROM booked
    GROUP BY customer_id, account_id
)
SELECT
    owned.customer_id,
    {'number': account_id, 'currency': accounts.currency, 'opened_on': accounts.opened_on} AS account,
    {'start': $period_start::DATE, 'end': $period_end::DATE} AS period,
    accounts.opening_balance AS opening_balance,
    accounts.opening_balance + coalesce(totals.change, 0) AS closing_balance,
    coalesce(totals.total_in, 0) AS total_in,
    coalesce(totals.total_out, 0) AS total_out,
    coalesce(totals.transactions, []) AS transactions
FROM owned
JOIN accounts USING (account_id)
LEFT JOIN totals USING (customer_id, account_id)
ORDER BY owned.customer_id, account_id
