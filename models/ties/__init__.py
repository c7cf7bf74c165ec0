"""The tie stage: who shares what."""
