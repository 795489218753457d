"""Sigma rules: what pySigma reads of them, said in the filter language."""
