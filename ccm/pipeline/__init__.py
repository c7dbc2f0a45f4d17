"""A message's way from decision to dispatch, for a chunk of customers at a time."""
