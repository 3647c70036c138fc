"""Vendors' HTTP, in: one package a door, and what they share."""
