"""Compliance: rules on the rendered result, approved wording, releases and their approvals.

`check` is the only place that makes an `ApprovedMessage`; nothing else can be handed to a supplier.
"""
