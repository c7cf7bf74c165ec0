"""Sources of requests, facts and verdicts: how far event time has come in each."""
