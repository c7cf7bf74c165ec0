"""What is said of findings, for whoever asks about one."""
