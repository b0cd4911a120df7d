"""Music: scores, their tokens and attributes, and the systems that write them."""
