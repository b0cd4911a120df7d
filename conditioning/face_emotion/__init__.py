"""Which emotion a face shows, in portraits and videos."""
