"""Every sentence of the studio's own, in English, in one place. Controls of generators bring their own texts."""

TITLE = "espressivo studio"
TAGLINE = "One emotion, conducted through face, body and music."

PERFORM = "Perform"
LIBRARY = "Library"
COMPARE = "Compare"
MUSIC = "Music"
EVALUATE = "Evaluate"
