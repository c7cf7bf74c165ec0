"""What scores mean: the population, the learned score, its calibration, the budget."""
