"""Guiding: a customer's way through a workflow, from opening the link to its end."""
