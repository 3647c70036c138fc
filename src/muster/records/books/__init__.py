"""Rates between currencies, and financial periods."""
