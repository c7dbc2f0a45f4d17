"""Checks that help writers, on what was rendered; each remark has a code, a place, a why and a way to mend it.

`ccm.compliance.writing.run.remarks` runs them, `ccm.compliance.writing.checks` holds them, one a file.
"""
