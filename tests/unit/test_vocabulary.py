import numpy as np
import pytest

from espressivo.conditioning.emotionml.vocabularies import BUILT_IN
from espressivo.conditioning.vocabulary import (
    CATEGORIES,
    MEANS,
    PROTOTYPES,
    SPREADS,
    VOCABULARIES,
    known_words,
    labels,
    resolve,
)
from espressivo.conditioning.vocabulary_words import WORD_FORMS
from espressivo.errors import EmotionError


def test_categories_keep_their_order():
    assert (
        *("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt"),
        *("calm", "boredom"),
    ) == CATEGORIES
    assert MEANS.shape == SPREADS.shape == (10, 3)


@pytest.mark.parametrize(
    ("name", "vad", "status"),
    [
        ("anger", (-0.51, 0.59, 0.25), "published"),
        ("happiness", (0.81, 0.51, 0.46), "published"),
        ("contempt", (-0.55, 0.10, 0.40), "estimate"),
        ("rage", (-0.44, 0.72, 0.32), "published once"),
    ],
)
def test_prototypes_say_how_far_they_can_be_trusted(name, vad, status):
    assert PROTOTYPES[name].vad == vad
    assert PROTOTYPES[name].status == status


@pytest.mark.parametrize(
    ("word", "category"),
    [
        ("angry", "anger"),
        ("joyful", "happiness"),
        ("sad", "sadness"),
        ("irritated", "anger"),
        ("terrified", "fear"),
        ("Happy", "happiness"),
        ("bored", "boredom"),
        ("homesickness", "sadness"),  # leaf of Parrott's neglect
        ("exhilaration", "happiness"),  # leaf of Parrott's zest
        ("calm", "calm"),
        ("cheerfully", "happiness"),
        ("heartbroken", "sadness"),
        ("terrifying", "fear"),
        ("despises", "anger"),
    ],
)
def test_words_resolve_to_one_category(word, category):
    assert resolve(word).weights == {category: 1.0}


def test_terror_has_a_place_of_its_own_and_a_leaf_takes_its_parents():
    assert resolve("terrified").vad == PROTOTYPES["terror"].vad
    assert resolve("fury").vad == PROTOTYPES["rage"].vad
    assert resolve("anger").vad is None


def test_a_form_belongs_to_one_noun_and_is_none_itself():
    forms = [form for line in WORD_FORMS.values() for form in line.split()]
    assert len(set(forms)) == len(forms)
    assert not set(forms) & set(WORD_FORMS)


def test_mild_words_are_weaker_than_strong_ones():
    assert resolve("annoyed").intensity < resolve("irritated").intensity < resolve("furious").intensity == 1
    assert [resolve(word, "plutchik").intensity for word in ("serenity", "joy", "ecstasy")] == [1 / 3, 2 / 3, 1]


@pytest.mark.parametrize("spelling", ["being hurt", "being_hurt", " Being-Hurt "])
def test_spelling_of_separators_does_not_matter(spelling):
    assert resolve(spelling) == resolve("being-hurt")


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_every_label_resolves_to_shares_of_canonical_categories(vocabulary):
    for label in labels(vocabulary):
        meaning = resolve(label, vocabulary)
        assert set(meaning.weights) <= set(CATEGORIES)
        assert sum(meaning.weights.values()) == pytest.approx(1)
        assert 0 < meaning.intensity <= 1
        assert meaning.vad is None or np.abs(meaning.vad).max() <= 1


@pytest.mark.parametrize("uri", [uri for uri, (kind, _) in BUILT_IN.items() if kind == "category"])
def test_every_category_of_the_w3c_note_is_a_known_word(uri):
    assert set(BUILT_IN[uri][1]) <= set(known_words())


@pytest.mark.parametrize(
    ("vocabulary", "order"),
    [
        ("emote", ("neutral", "happiness", "sadness", "surprise", "fear", "disgust", "anger", "contempt")),
        ("emoface", ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")),
        ("ravdess", ("neutral", "calm", "happiness", "sadness", "anger", "fear", "disgust", "surprise")),
        ("emo-db", ("anger", "boredom", "disgust", "fear", "happiness", "sadness", "neutral")),
    ],
)
def test_systems_keep_the_order_of_their_classes(vocabulary, order):
    assert tuple(next(iter(resolve(label, vocabulary).weights)) for label in labels(vocabulary)) == order


def test_alma_joy_is_not_the_joy_of_russell_and_mehrabian():
    assert resolve("joy", "alma").vad == (0.4, 0.2, 0.1)
    assert resolve("joy").vad == (0.76, 0.48, 0.35)


def test_emopia_quadrants_lie_in_their_quadrants():
    def place(label):
        weights = resolve(label, "emopia").weights
        return np.array([weights.get(category, 0.0) for category in CATEGORIES]) @ MEANS[:, :2]

    assert [tuple(np.sign(place(label))) for label in ("Q1", "Q2", "Q3", "Q4")] == [(1, 1), (-1, 1), (-1, -1), (1, -1)]


def test_unknown_words_get_a_suggestion():
    with pytest.raises(EmotionError, match=r"^'hapiness' is no known emotion; did you mean happiness\?$"):
        resolve("hapiness")
    with pytest.raises(EmotionError, match="try one of neutral, happiness"):
        resolve("xqzv" * 1000)
    with pytest.raises(EmotionError, match="no emotion vocabulary"):
        resolve("anger", "klingon")
