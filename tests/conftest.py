"""Settings that all tests share."""

from hypothesis import settings

# Examples may be slow on a busy machine; what is too slow is seen in benchmarks/, not here.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
