"""Light and shade that an expression brings: skin that turns to the light or away from it, and folds."""
