"""Letters to sounds: a pronunciation for words that no dictionary holds (names, coinages).

A small ordered rule set for English in the manner of H. S. Elovitz et al., "Letter-to-sound rules for automatic
translation of English text to phonetics", IEEE Trans. ASSP 24(6), 1976: at each place the first rule whose letters and
neighbours fit gives the sounds. The rules and their order are our own. It is meant for lips, where a wrong vowel
costs less than a refused line.
"""

import re

LETTER_NAMES = {
    **{"a": "EY", "b": "B IY", "c": "S IY", "d": "D IY", "e": "IY", "f": "EH F", "g": "JH IY", "h": "EY CH", "i": "AY"},
    **{"j": "JH EY", "k": "K EY", "l": "EH L", "m": "EH M", "n": "EH N", "o": "OW", "p": "P IY", "q": "K Y UW"},
    **{"r": "AA R", "s": "EH S", "t": "T IY", "u": "Y UW", "v": "V IY", "w": "D AH B AH L Y UW", "x": "EH K S"},
    **{"y": "W AY", "z": "Z IY"},
}

_CLASSES = {"#": "[aeiouy]+", "^": "[bcdfghjklmnpqrstvwxz]", ":": "[bcdfghjklmnpqrstvwxz]*", "+": "[eiy]", "_": r"\b"}
"""Signs in the neighbour columns: # vowels, ^ a consonant, : consonants or none, + a front vowel, _ the word's edge."""

# letters: (before, after, sounds). Longer letter groups are tried first, in each the first rule that fits wins.
_RULES = {
    "augh": [("", "t", "AO"), ("", "", "AE F")],
    "ough": [("", "t", "AO"), ("_th", "_", "OW"), ("r", "_", "UW"), ("", "_", "AH F"), ("", "", "OW")],
    "eigh": [("h", "t", "AY"), ("", "", "EY")],
    "igh": [("", "", "AY")],
    "tion": [("s", "", "CH AH N"), ("", "", "SH AH N")],
    "sion": [("#", "", "ZH AH N"), ("", "", "SH AH N")],
    "cian": [("", "", "SH AH N")],
    "tial": [("", "", "SH AH L")],
    "cial": [("", "", "SH AH L")],
    "cious": [("", "", "SH AH S")],
    "tious": [("", "", "SH AH S")],
    "ture": [("", "", "CH ER")],
    "sure": [("#", "", "ZH ER"), ("", "", "SH UH R")],
    "tch": [("", "", "CH")],
    "sch": [("_", "", "SH"), ("", "", "S K")],
    "dge": [("", "_", "JH"), ("", "", "JH")],
    "eau": [("", "", "OW")],
    "ous": [("", "_", "AH S"), ("", "", "AW S")],
    "eer": [("", "", "IH R")],
    "ear": [("", "^", "ER"), ("", "", "IH R")],
    "air": [("", "", "EH R")],
    "are": [("", "_", "EH R")],
    "ire": [("", "_", "AY ER")],
    "ore": [("", "_", "AO R")],
    "ure": [("", "_", "Y UH R")],
    "our": [("", "", "AO R")],
    "oor": [("", "", "AO R")],
    "ing": [("#:", "_", "IH NG"), ("", "", "IH NG")],
    "ang": [("", "_", "AE NG"), ("", "", "AE NG")],
    "ong": [("", "", "AO NG")],
    "ung": [("", "", "AH NG")],
    "mac": [("_", "", "M AH K")],
    "mc": [("_", "", "M AH K")],
    "alk": [("", "", "AO K")],
    "all": [("", "_", "AO L"), ("", "", "AE L")],
    "ild": [("", "_", "AY L D")],
    "ind": [("_^", "_", "AY N D")],
    "old": [("", "", "OW L D")],
    "olk": [("", "", "OW K")],
    "ost": [("_^", "_", "OW S T")],
    "que": [("", "_", "K")],
    "gue": [("", "_", "G")],
    "ses": [("", "_", "S IH Z")],
    "ces": [("", "_", "S IH Z")],
    "ges": [("", "_", "JH IH Z")],
    "ches": [("", "_", "CH IH Z")],
    "shes": [("", "_", "SH IH Z")],
    "xes": [("", "_", "K S IH Z")],
    "ted": [("", "_", "T IH D")],
    "ded": [("", "_", "D IH D")],
    "sci": [("_", "", "S AY")],
    "ai": [("", "", "EY")],
    "ay": [("", "", "EY")],
    "au": [("", "", "AO")],
    "aw": [("", "", "AO")],
    "ar": [("#:", "_", "ER"), ("w", "", "AO R"), ("", "r", "AE"), ("", "#", "EH R"), ("", "", "AA R")],
    "aa": [("", "", "AA")],
    "ae": [("", "", "IY")],
    "ee": [("", "", "IY")],
    "ea": [("", "d_", "EH"), ("", "lth", "EH"), ("", "", "IY")],
    "ei": [("c", "", "IY"), ("", "", "AY")],
    "eu": [("", "", "UW")],
    "ew": [("", "", "UW")],
    "ey": [("", "_", "IY"), ("", "", "EY")],
    "er": [("", "r", "EH"), ("", "", "ER")],
    "eo": [("", "", "IY OW")],
    "ed": [("[pkfsx]", "_", "T"), ("#:^", "_", "D")],
    "es": [("#:^", "_", "Z")],
    "ie": [("_^", "_", "AY"), ("", "_", "IY"), ("", "r_", "IY"), ("", "", "IY")],
    "ia": [("", "_", "IY AH"), ("", "", "IY AH")],
    "io": [("", "", "IY OW")],
    "ir": [("", "r", "IH"), ("", "#", "IH R"), ("", "", "ER")],
    "oa": [("", "", "OW")],
    "oe": [("", "_", "OW"), ("", "", "OW")],
    "oi": [("", "", "OY")],
    "oy": [("", "", "OY")],
    "oo": [("", "k", "UH"), ("", "", "UW")],
    "ou": [("", "", "AW")],
    "ow": [("#:^", "_", "OW"), ("", "n_", "OW"), ("[blrst]", "_", "OW"), ("", "", "AW")],
    "or": [("#:", "_", "ER"), ("w", "", "ER"), ("", "", "AO R")],
    "ur": [("", "#", "UH R"), ("", "", "ER")],
    "ue": [("", "_", "UW"), ("", "", "UW")],
    "ui": [("", "", "UW IH")],
    "uy": [("", "", "AY")],
    "yr": [("", "^", "ER"), ("", "", "IH R")],
    "ch": [("", "[rl]", "K"), ("", "", "CH")],
    "ck": [("", "", "K")],
    "ph": [("", "", "F")],
    "sh": [("", "", "SH")],
    "th": [("#", "er", "DH"), ("", "", "TH")],
    "wh": [("", "", "W")],
    "wr": [("_", "", "R")],
    "kn": [("_", "", "N")],
    "gn": [("_", "", "N"), ("", "_", "N")],
    "pn": [("_", "", "N")],
    "ps": [("_", "", "S")],
    "mb": [("", "_", "M")],
    "gh": [("_", "", "G"), ("#", "", "")],
    "rh": [("", "", "R")],
    "ng": [("", "_", "NG"), ("", "[rl]", "NG G"), ("", "+", "N JH"), ("", "", "NG G")],
    "nk": [("", "", "NG K")],
    "nx": [("", "", "NG K S")],
    "qu": [("", "", "K W")],
    "cc": [("", "[ei]", "K S"), ("", "", "K")],
    "sc": [("", "[ei]", "S"), ("", "", "S K")],
    "ss": [("", "", "S")],
    "zz": [("", "", "Z")],
    "gg": [("", "", "G")],
    "le": [("^", "_", "AH L")],
    "les": [("^", "_", "AH L Z")],
    "a": [
        *[("", "_", "AH"), ("_", "^^", "AE"), ("", "^e_", "EY"), ("", "^es_", "EY"), ("", "^ing_", "EY")],
        *[("w", "[^gkx]", "AA"), ("#:", "l_", "AH"), ("#:", "n_", "AH"), ("#:", "nt_", "AH"), ("_", "^#", "AH")],
        *[("", "^io", "EY"), ("", "", "AE")],
    ],
    "b": [("", "b", ""), ("", "", "B")],
    "c": [("", "c", ""), ("", "[eiy]", "S"), ("", "", "K")],
    "d": [("", "d", ""), ("", "", "D")],
    "e": [
        *[("_:", "_", "IY"), ("#:", "_", ""), ("#:^", "ly_", ""), ("#:^", "ment", ""), ("#:^", "ful", "")],
        *[("_^", "^e_", "IY"), ("#:", "[ln]_", "AH"), ("#:", "nt_", "AH"), ("#:", "nce_", "AH"), ("#:", "s_", "AH")],
        *[("_[bdr]", "^#", "IH"), ("_:", "o", "IY"), ("#:", "t_", "AH"), ("", "", "EH")],
    ],
    "f": [("", "f", ""), ("", "", "F")],
    "g": [("", "et", "G"), ("_", "ir", "G"), ("_", "iv", "G"), ("", "[eiy]", "JH"), ("", "", "G")],
    "h": [("_", "", "HH"), ("#", "#", "HH"), ("^", "#", "HH"), ("", "", "")],
    "i": [
        *[("", "_", "IY"), ("", "^e_", "AY"), ("", "^es_", "AY"), ("", "^ing_", "AY"), ("_:", "^ed", "AY")],
        *[("_b", "[^^]", "AY"), ("", "zation", "AH"), ("#", "", "IY"), ("", "[ao]", "IY"), ("", "", "IH")],
    ],
    "j": [("", "", "JH")],
    "k": [("", "k", ""), ("", "", "K")],
    "l": [("", "l", ""), ("", "", "L")],
    "m": [("", "m", ""), ("", "", "M")],
    "n": [("", "n", ""), ("", "c[^eiy]", "NG"), ("", "", "N")],
    "o": [
        *[("", "_", "OW"), ("", "^e_", "OW"), ("", "^es_", "OW"), ("", "^ing_", "OW"), ("#:", "n_", "AH")],
        *[("", "ll", "AA"), ("", "l^", "OW"), ("", "s_", "OW"), ("_c", "m", "AH"), ("", "^#", "OW"), ("", "", "AA")],
    ],
    "p": [("", "p", ""), ("", "", "P")],
    "q": [("", "", "K")],
    "r": [("", "r", ""), ("", "", "R")],
    "s": [("#", "m_", "Z"), ("[bdgvlmnrw]", "_", "Z"), ("[aeou]", "e_", "Z"), ("#:#", "#", "Z"), ("", "", "S")],
    "t": [("", "t", ""), ("", "ch", ""), ("", "", "T")],
    "u": [
        *[
            ("", "_", "UW"),
            ("_", "ni", "Y UW"),
            ("[bcfhmp]", "^e_", "Y UW"),
            ("", "^e_", "UW"),
            ("[bcfhmp]", "^[aio]", "Y UW"),
        ],
        *[("g", "[aeio]", ""), ("[rjlstdn]", "^[aeio]", "UW"), ("#:", "[sm]_", "AH"), ("", "ll", "UH"), ("", "", "AH")],
    ],
    "v": [("", "v", ""), ("", "", "V")],
    "w": [("", "", "W")],
    "x": [("_", "", "Z"), ("", "", "K S")],
    "y": [("_", "", "Y"), ("_:", "_", "AY"), ("#:", "_", "IY"), ("", "^e_", "AY"), ("#", "#", "Y"), ("", "", "IH")],
    "z": [("", "", "Z")],
}


def pronounce(word: str) -> tuple[str, ...]:
    """ARPABET phones (no stress) of a word in a-z and apostrophes; empty where it holds no such letter."""
    letters = re.sub("[^a-z]", "", word.lower())
    phones: list[str] = []
    place = 0
    while place < len(letters):
        used, sounds = _first_fit(letters, place)
        phones += sounds
        place += used
    return tuple(phones) or (tuple(spell(letters)) if letters else ())


def spell(letters: str) -> tuple[str, ...]:
    """ARPABET phones of the letters' names, as in "FBI"."""
    return tuple(phone for letter in letters.lower() for phone in LETTER_NAMES.get(letter, "").split())


def _first_fit(letters: str, place: int) -> tuple[int, list[str]]:
    """How many letters the first fitting rule at `place` takes, and its sounds; longer letter groups come first."""
    for length in range(min(_LONGEST, len(letters) - place), 0, -1):
        for before, after, sounds in _COMPILED.get(letters[place : place + length], ()):
            if before.search(letters[:place]) and after.match(letters, place + length):
                return length, sounds
    raise AssertionError(f"No rule for {letters[place]!r}.")  # unreachable: every single letter has a rule that fits


def _pattern(signs: str) -> str:
    """A neighbour column as a regular expression; what stands in brackets is one already."""
    parts = re.split(r"(\[[^\]]*\])", signs)
    return "".join(
        part if part.startswith("[") else "".join(_CLASSES.get(sign, sign) for sign in part) for part in parts
    )


def _compile(before: str, after: str, sounds: str) -> tuple[re.Pattern[str], re.Pattern[str], list[str]]:
    left = _pattern(before).replace(r"\b", "^")
    right = _pattern(after).replace(r"\b", "$")
    return re.compile(f"(?:{left})$"), re.compile(right), sounds.split()


_COMPILED = {letters: [_compile(*rule) for rule in rules] for letters, rules in _RULES.items()}
_LONGEST = max(map(len, _RULES))
