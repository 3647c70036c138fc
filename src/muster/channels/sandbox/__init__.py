"""A way out that leads nowhere, for trial tenants and tests: the address decides what becomes of a parcel."""
