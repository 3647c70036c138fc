"""Paths and what happens behind them, one module for each part of the door."""
