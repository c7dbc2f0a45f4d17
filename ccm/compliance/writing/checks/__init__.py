"""The checks, one module each, found by looking into this folder.

A module holds `CODES`, the codes it gives, and at least one of

- ``check(written, context)``: hits in one message,
- ``check_together(messages, context)``: hits for which several samples and channels are seen together, each
  with its message,
- ``check_brand(context)``: hits in the layouts, with their places.

All are pure functions. A module that does not load stops the program: a check that is not run must not look like
one that found nothing.
"""
