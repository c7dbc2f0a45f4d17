-- One row a customer: this campaign's offer, the same for everybody.
SELECT
    customer_id,
    {'rate': 0.0425::DECIMAL(6, 4), 'until': DATE '2026-06-30'} AS offer
FROM customers
ORDER BY customer_id
