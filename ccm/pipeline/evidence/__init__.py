"""Evidence packs: what was sent, why, in whose approved words, with proofs that need no trust in the operator."""

from ccm.pipeline.evidence.pack import Pack, make_pack

__all__ = ["Pack", "make_pack"]
