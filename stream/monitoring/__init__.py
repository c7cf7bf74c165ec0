"""What a running process tells of itself: metrics, and whether it lives and is ready."""
