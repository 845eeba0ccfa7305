"""A private site on loopback: PostgreSQL, KDC, directory and provider."""
