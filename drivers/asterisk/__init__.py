"""Asterisk 22 as the telephone exchange: configuration, ARI client, recordings."""
