"""Settings that all tests share."""

import signal

from hypothesis import settings

# Shells let programs that they start in the background ignore Ctrl-C, and their children too; some tests press it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Examples may be slow on a busy machine; what is too slow is seen in benchmarks/, not here.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
