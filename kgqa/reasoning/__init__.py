"""The joint model: encoder, hops over the graph, and how the hops are combined."""
