"""Notification batches: categories, contacts, and one e-mail to many, as the vendor's clients know them."""
