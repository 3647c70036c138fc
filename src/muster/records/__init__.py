"""The record store: records of many templates, their relationships, workflow, dates and amortization."""
