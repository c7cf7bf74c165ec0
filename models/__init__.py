"""What is believed about accounts and what they share: the pure core, without input or output."""
