"""Training from question and answer pairs, and measuring what was learned."""
