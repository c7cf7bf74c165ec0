"""The account stage: a profile of each account, and where it stands in the population."""
