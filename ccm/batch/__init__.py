"""Runs: chunks over a process pool, resumable, and a certificate in which every customer is accounted for."""
