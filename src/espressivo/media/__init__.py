"""Media in and out by PyAV: decoding with limits, streaming MP4."""
