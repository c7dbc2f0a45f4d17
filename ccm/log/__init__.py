"""The audit log: an RFC 6962 Merkle tree of leaves in the store, with signed checkpoints.

docs/reference/log-format.md has the formats. A transaction only appends leaves (`ccm.log.sequencer.append`); a
sequencer gives them their places in the tree.
"""
