"""A transcript as people write it -> the lower-case words that a pronouncing dictionary knows."""

import re
import unicodedata

_UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_ORDINALS = {
    **{"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"},
    **{"twelve": "twelfth"},
}
_SIGNS = {"&": " and ", "%": " percent ", "+": " plus ", "=": " equals ", "@": " at ", "°": " degrees "}
_ABBREVIATIONS = {
    **{"mr.": "mister", "mrs.": "missus", "ms.": "miss", "dr.": "doctor", "st.": "saint", "vs.": "versus"},
    **{"etc.": "et cetera", "e.g.": "for example", "i.e.": "that is", "prof.": "professor"},
}
_CURRENCIES = {"$": "dollar", "€": "euro", "£": "pound"}

_NOTE = re.compile(r"\[[^\]]*\]|<[^>]*>|\*[^*]*\*")
_CURRENCY = re.compile(r"([$€£])\s?(\d[\d,]*(?:\.\d+)?)")
_TOKEN = re.compile(r"\d[\d,]*(?:\.\d+)?(?:st|nd|rd|th)?\b|\d+|[^\W\d_]+(?:'[^\W\d_]+)*'?|'[^\W\d_]+")


def spoken_words(text: str) -> list[str]:
    """The words one hears when `text` is read: lower case, letters and apostrophes only.

    Numbers are written out, notes in brackets (`[laughs]`, `<sigh>`, `*whispers*`) dropped, hyphens split. An
    abbreviation in capitals stays in capitals, so that it can be spelt where no dictionary holds it. Letters outside
    a-z lose their marks; a word of another script is dropped.
    """
    text = unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'")
    text = _CURRENCY.sub(_currency, _NOTE.sub(" ", text))
    for short, full in _ABBREVIATIONS.items():
        text = re.sub(rf"(?<!\w){re.escape(short)}(?!\w)", full, text, flags=re.IGNORECASE)
    for sign, full in _SIGNS.items():
        text = text.replace(sign, full)
    return [word for token in _TOKEN.findall(text) for word in _words_of(token)]


def number_words(number: int) -> list[str]:
    """A whole number of 0 or more in English words ("three", "hundred", "twelve"); digit by digit from 10^15 on."""
    if number >= 10**15:
        return [_UNITS[int(digit)] for digit in str(number)]
    if number < 20:
        return [_UNITS[number]]
    if number < 100:
        return [_TENS[number // 10], *([_UNITS[number % 10]] if number % 10 else [])]
    scale, name = next((scale, name) for scale, name in _SCALES if number >= scale)
    rest = number % scale
    return [*number_words(number // scale), name, *(number_words(rest) if rest else [])]


def _words_of(token: str) -> list[str]:
    if token[0].isdigit():
        return _number_token(token)
    plain = unicodedata.normalize("NFKD", token).encode("ascii", "ignore").decode()
    letters = re.sub("[^A-Za-z']", "", plain)
    if not re.search("[A-Za-z]", letters):
        return []
    return [letters if re.fullmatch("[A-Z]{2,5}", letters) else letters.lower()]


def _number_token(token: str) -> list[str]:
    ordinal = re.fullmatch(r"([\d,]+)(st|nd|rd|th)", token)
    if ordinal:
        return _as_ordinal(number_words(_whole(ordinal[1])))
    whole, _, decimals = token.partition(".")
    if decimals:
        return [*number_words(_whole(whole)), "point", *(_UNITS[int(digit)] for digit in decimals)]
    if len(whole) > 1 and whole.startswith("0"):
        return [_UNITS[int(digit)] for digit in whole if digit != ","]
    number = _whole(whole)
    if re.fullmatch(r"1[1-9]\d\d|20[1-9]\d", whole):  # a year, or read like one
        century, year = divmod(number, 100)
        tail = ["hundred"] if year == 0 else ["oh", _UNITS[year]] if year < 10 else number_words(year)
        return [*number_words(century), *tail]
    return number_words(number)


def _whole(digits: str) -> int:
    return int(digits.replace(",", "")[:300])


def _as_ordinal(words: list[str]) -> list[str]:
    last = words[-1]
    return [*words[:-1], _ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else last + "th")]


def _currency(match: re.Match[str]) -> str:
    return f" {match[2]} {_CURRENCIES[match[1]]}{'' if match[2] == '1' else 's'} "
