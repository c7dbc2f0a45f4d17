"""The proof that caps are exact, in short; ``make bench`` runs it for a minute on eight processes."""

from pathlib import Path

from bench.exactness import prove


def test_no_window_is_exceeded_and_nobody_refused_wrongly_while_processes_race_and_die(
    tmp_path: Path, dialect: str, store_url: str
) -> None:
    proof = prove(tmp_path, store_url, seconds=2, processes=4, customers=6, handed_over=12)
    assert proof.exact, proof.told()
    assert proof.counted.windows >= 12, proof.told()
    assert proof.counted.refusals > 0, proof.told()
