"""The analyst's web page: what was found, and whether it is real."""
