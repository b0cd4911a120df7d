"""Every sentence of the studio's own, in English, in one place. Controls of generators bring their own texts."""

TITLE = "espressivo studio"
TAGLINE = "One emotion, conducted through face, body and music."
LOOK = "Dark or light"
FAILED = "This did not work, by a fault of the program ({kind}); its log says more. Try again, or reload the page."

PERFORM = "Perform"
LIBRARY = "Library"
COMPARE = "Compare"
MUSIC = "Music"
EVALUATE = "Evaluate"

# Perform
LINE = "1. The line"
SPEECH = "Speech"
DEMO_LINES = "No line at hand? Borrow one of ours:"


def demo_line(name: str) -> str:
    """A line that ships, on its button; a chip of the pad has the emotion's bare name."""
    return f"{name} line"


TRANSCRIPT = "Words that are spoken (optional)"
TRANSCRIPT_HINT = "With them the lips are placed word by word; without, by ear."
FACE = "2. The face"
HEAD_OR_PORTRAIT = "Who performs"
THE_HEAD = "3D head"
THE_PORTRAIT = "A photograph too"
PORTRAIT = "Photograph, painting or video with a face"
BORROW_PORTRAIT = "Borrow ours: Ada, who is nobody"
PORTRAIT_DIALS = "Dials of the portrait"
DRAFT = "Draft: the emotion at the playhead, small and still"
NO_DRAFT_OF_VIDEO = "There is no draft of a video; its head keeps the movements it was filmed with."
CONSENT_HINT = (
    "Only use pictures of people who agreed to it. The take keeps what you state below, and that it is synthetic."
)
EMOTION = "3. The emotion"
PREVIEW = "Preview"
TIME_LINE = "4. Over time"
WITH_MUSIC = "Music that follows the emotion"
COMPOSER = "Composer"
FACE_DIALS = "Dials of the face"
STYLE_CLIP = "Read the speaking style off a video"
STYLE_READ = "Read: the style below is that of the speaker. It stays yours to edit."
MORE = "More settings"
GO = "Perform"
STOP = "Stop"
STOPPED = "Stopped; nothing was written."
NO_SPEECH = "There is no speech yet; upload or record a line, or borrow one of ours."
NO_PORTRAIT = "There is no photograph yet; upload one, or let the 3D head perform."
EMPTY_RESULT = (
    "Your take appears here: a video with sound, and every file for animators, game studios and musicians. "
    "Give a line, choose an emotion on the pad, press Perform."
)
WAITING = "Waiting for a free worker…"
DONE = "Done. Play it below, or press play under the waveform to see the head perform it."
AUTO = "Recognise the emotion"
RECOGNISED = "Recognised: {emotion}. It stays yours to edit."
AUTO_FROM = "Fill in from"
AUTO_CHOICES = {"the voice": "auto", "the words": "auto:text", "a clip": "of"}
AUTO_GO = "Recognise"
AUTO_CLIP = "Video, portrait, voice, text or MIDI file"
NO_CLIP = "There is no clip yet; upload the file whose emotion is wanted."
FILES = "Emotion as a file"
EMOTION_IN = "Read EmotionML or JSON"
NOTATION = "As text"
NOTATION_HINT = "happiness:0.8 · joy:0.6+surprise:0.3 · vad:0.7,0.5,0.2 · @0 neutral @1.5~smooth anger:0.9"
NOTATION_GO = "Apply"
NO_FILES_TYPED = "An emotion is typed as words here; read a file with its own button."
TYPED_SOURCE = "Recognised emotions are filled in with the button beside; type words here."
NO_FILES_IN_SETTINGS = "{text!r} looks like a file of the server's, which cannot be named here; use words and numbers."
NOT_UPLOADED = "A file has to be uploaded; its place on the server cannot be named."
EXPORT_EMOTIONML = "EmotionML"
EXPORT_JSON = "JSON"
WHOLE_TAKE = "Whole take (zip)"

COMPOSED = {
    "performance": "Everything together",
    "portrait": "Portrait",
    "face": "3D face",
    "body": "Body",
    "music": "Music",
}
MADE_BY = "Made by {names} · {emotion} · synthetic media"

PAD = {
    "pad": "Valence and arousal",
    "pad_role": "two-dimensional slider",
    "valence": "valence",
    "arousal": "arousal",
    "pleasant": "pleasant",
    "unpleasant": "unpleasant",
    "excited": "excited",
    "quiet": "quiet",
    "intensity": "Intensity",
    "dominance": "Dominance",
    "mix": "Mix",
    "part": "Emotion",
    "strength": "Strength of emotion",
    "presets": "Emotions to start from",
}
TIMELINE = {
    "timeline": "Time line of the emotion",
    "tools": "Tools of the time line",
    "no_sound": "A double-click sets a keyframe, dragging moves it.",
    "play": "Play",
    "pause": "Pause",
    "time": "Time of the keyframe in seconds",
    "ease": "How it moves to the next keyframe",
    "at": "at",
    "then": "then",
    "snap": "snap to words",
    "add": "Add a keyframe at the playhead",
    "remove": "Delete the keyframe",
    "undo": "Undo",
    "redo": "Redo",
    "zoom_in": "Zoom in",
    "zoom_out": "Zoom out",
    "keyframe": "Keyframe",
}
HEAD = {
    "label": "3D head that shows the emotion",
    "loading": "Fetching the head…",
    "no_head": "The head could not be fetched; reload the page.",
    "no_webgl": "This browser shows no 3D; the video is not affected.",
}

# Forms
LEFT_OPEN = "open"
NUMBERS_HINT = "Numbers with commas between them."
LINES_HINT = "One on a line."


def waiting(ahead: int) -> str:
    """Said while work stands in line, or while those before it are being done."""
    return f"waiting, {ahead} before you"


def request_not_kept(take: str, problem: str) -> str:
    """Said of a take whose request cannot be shown in the controls."""
    return f"What '{take}' was asked for cannot be used here: {problem}"


def no_choice(field: str, value: str, choices: str) -> str:
    """Said of a value that a list does not have."""
    return f"{field} '{value}' cannot be used: there are {choices}."


# Library
LIBRARY_SEARCH = "Search"
LIBRARY_SEARCH_HINT = "words, an emotion, a generator"
LIBRARY_EMPTY = "No takes yet. What you make in Perform and Music is kept here, for you alone."
LIBRARY_NO_MATCH = "No take matches. A search looks at words, emotion, generators and parts such as music."
LIBRARY_NONE_OPEN = "Open a take to play it, to fetch its files, and to go on from it."
LIBRARY_EXPORT = "Save as project file"
LIBRARY_EXPORTED = "The project file is ready:"
LIBRARY_IMPORT = "Open a project file"
LIBRARY_DELETE = "Delete"
LIBRARY_UNDO = "Undo: bring back what was deleted"
LIBRARY_AGAIN = "Go on from this take"
LIBRARY_CHOOSE_FIRST = "Choose takes first: tick the box in the corner of their cards."
LIBRARY_FILES = "Files"
LIBRARY_ZIP = "all as zip"
FACT_EMOTION = "Emotion"
FACT_GENERATORS = "Made by"
FACT_LICENCES = "Licence"
FACT_MADE = "Made"


def number_of_takes(count: int) -> str:
    """A number of takes, in words."""
    return "1 take" if count == 1 else f"{count} takes"


def library_deleted(count: int) -> str:
    """Said when takes were deleted."""
    return f"{number_of_takes(count)} deleted."


def library_restored(count: int) -> str:
    """Said when takes came back."""
    return f"{number_of_takes(count)} brought back."


def library_imported(count: int) -> str:
    """Said when a project file was read."""
    return f"{number_of_takes(count)} opened from the project file."


# Compare
COMPARE_A = "A"
COMPARE_B = "B"
COMPARE_EMPTY = "Choose two takes above: they play together, and you can measure them against each other."
COMPARE_TRANSPORT = "Playing of both takes"
COMPARE_SEEK = "Place in both takes"
COMPARE_RATE = "Speed"
COMPARE_HEAR = "Hear"
COMPARE_BOTH = "both"
COMPARE_MEASURE = "Measure both"
COMPARE_METRIC = "Measure"
COMPARE_BETTER = "better"
COMPARE_NO_FIGURES = "Nothing could be measured of both of these."
COMPARE_GRID = "A grid of systems, seeds and intensities"
COMPARE_GRID_HINT = (
    "Small takes of every combination. Faces and portraits all say the same line; music is four bars. Then choose two "
    "of them above."
)
COMPARE_SYSTEMS = "Systems"
COMPARE_EMOTION = "Emotion"
COMPARE_LINE = "Line"
COMPARE_LINE_HINT = "What faces and portraits say. A take of yours brings its photograph along."
COMPARE_INTENSITIES = "Intensities, 0 to 1"
COMPARE_SEEDS = "Seeds"
COMPARE_GO = "Make the grid"
COMPARE_KEEP = "Keep all in the library"
COMPARE_GRID_DONE = "The grid is done; choose two of its takes above to see them side by side."
COMPARE_GRID_STOPPED = "Stopped; the takes that were done are kept here."


def compare_unmeasured(count: int) -> str:
    """Heading of the list of metrics that gave no figure for either side."""
    return f"{count} metrics give no figure for these takes, and why"


def compare_cell(number: int, total: int, label: str) -> str:
    """Said while a cell of the grid is made."""
    return f"{number} of {total}: {label}"


def compare_in_grid(label: str) -> str:
    """A cell of the grid, in a list of takes."""
    return f"grid {label}"


def compare_kept(count: int) -> str:
    """Said when cells were moved into the library."""
    return f"{number_of_takes(count)} kept in the library."


# Music
MUSIC_GENERATOR = "Generator"
MUSIC_EMOTION = "1. The emotion"
MUSIC_PIECE = "2. The piece"
MUSIC_CURVE = "3. How it goes on"
MUSIC_LENGTH = "Length and seed"
MUSIC_LOCKS = "Locks and faders: what is left open, the music chooses"
MUSIC_MANNER = "Manner"
MUSIC_OWN = "Your own piece"
MUSIC_GO = "Compose"
MUSIC_STEMS = "Stems"
MUSIC_STEMS_READY = "The stems are ready:"
MUSIC_AGAIN = "Go on from this piece"
MUSIC_AGAIN_READY = "The piece lies in the generator's controls; compose to go on from it."
MUSIC_NO_OWN = "This generator takes no piece of yours; choose another one."
MUSIC_NO_PIECE = "There is no piece yet; compose one first."
MUSIC_INFILL = "Write bars anew"
MUSIC_INFILL_HINT = "Mark bars on the roll, or type their numbers; all others stay."
MUSIC_FIRST = "First bar"
MUSIC_LAST = "Last bar"
MUSIC_NO_BARS = "No bars are marked; drag over the numbers above the roll, or type the first and the last."
MUSIC_NO_INFILL = "This generator writes no bars anew; choose one with an infill control, such as emogen."
MUSIC_DONE = "Done: the piece is in your library."
MUSIC_DEFAULT = "@0 sadness:0.5 @24 happiness:0.8"
ROLL = {
    "nothing": "Your piece appears here as a piano roll that plays. Bars can be marked on it and written anew.",
    "tools": "Playing and view",
    "label": "Piano roll: place in the piece",
    "colour": "Colour",
    "loudness": "loudness",
    "track": "track",
    "zoom": "Zoom",
    "zoom_out": "Zoom out",
    "zoom_all": "Show the whole piece",
    "zoom_in": "Zoom in",
}
ROLL_KEYS = (
    "Drag over the bar numbers to mark bars (keys <kbd>[</kbd> <kbd>]</kbd>, <kbd>Esc</kbd> ends it). "
    "<kbd>Space</kbd> plays, <kbd>←</kbd> <kbd>→</kbd> go by bars, <kbd>+</kbd> <kbd>−</kbd> <kbd>0</kbd> zoom."
)

# Evaluate
EVALUATE_TAKES = "Takes of your library"
EVALUATE_FILES = "Files of any tool"
EVALUATE_FILES_HINT = "Videos, face and body motions, MIDI files, or project files of the library."
EVALUATE_COMPARE = "Hold them against each other"
EVALUATE_COMPARE_HINT = "Each is a system of its own; the first is what the others are compared with."
EVALUATE_EARLIER = "Since an earlier report"
EVALUATE_EARLIER_FILE = "report.json of before"
EVALUATE_GO = "Evaluate"
EVALUATE_DONE = "Done: the report is below."
EVALUATE_REPORT = "Report of the evaluation"
EVALUATE_EMPTY = (
    "Choose takes, or drop what any tool has made: lip sync, emotion, faces, gestures and music are measured, each "
    "beside what it is compared to. What cannot be measured is listed with its reason."
)
