"""The head: ties that stand out become clusters, clusters become alert events."""
