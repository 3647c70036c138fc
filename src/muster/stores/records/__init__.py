"""The record store's tables, and what is done with them."""
