"""Speech to mouth motion: coarticulated visemes and the contacts that must be made."""
