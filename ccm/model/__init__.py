"""The nouns: customer, decision, message. No input or output happens here."""
