"""What is on the wire: typed records, their codec, and the input formats."""
