"""Networks that judge: ports of published ones, in plain torch."""
