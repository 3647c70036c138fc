"""Between the vendor's words and ours."""
