"""Batches of e-mails to contacts, by category."""
