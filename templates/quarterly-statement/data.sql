-- One row a customer: the account's balances and bookings from $period_start to $period_end (both included).
-- Credits count up, debits down. The order of a day's bookings is settled later, by their balances.
WITH owned AS (
    SELECT customer_id, unnest(account_ids) AS account_id FROM customers
),
booked AS (
    SELECT
        account_id,
        transaction_id,
        booked_on,
        description,
        nullif(counterparty, '') AS counterparty,
        CASE kind WHEN 'credit' THEN amount ELSE -amount END AS amount,
        balance
    FROM transactions
    WHERE booked_on BETWEEN $period_start AND $period_end
),
totals AS (
    SELECT
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
    GROUP BY account_id
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
LEFT JOIN totals USING (account_id)
ORDER BY owned.customer_id, account_id
