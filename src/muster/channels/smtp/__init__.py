"""E-mail over SMTP: letters out, and what comes back about them."""
