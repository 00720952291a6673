"""The knowledge graph: reading it, naming its parts, walking its edges."""
