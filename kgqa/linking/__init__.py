"""Entity linking: spans of a question, FAISS shortlists, and the ranker that chooses."""
