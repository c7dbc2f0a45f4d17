"""receive: what suppliers and customers tell afterwards goes back into messages, history and consents."""
