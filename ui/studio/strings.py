"""Every sentence of the studio's own, in English, in one place. Controls of generators bring their own texts."""

TITLE = "espressivo studio"
TAGLINE = "One emotion, conducted through face, body and music."
LOOK = "Dark or light"

PERFORM = "Perform"
LIBRARY = "Library"
COMPARE = "Compare"
MUSIC = "Music"
EVALUATE = "Evaluate"

# Perform
LINE = "1. The line"
SPEECH = "Speech"
DEMO_LINES = "No line at hand? Borrow one of ours:"
TRANSCRIPT = "Words that are spoken (optional)"
TRANSCRIPT_HINT = "With them the lips are placed word by word; without, by ear."
FACE = "2. The face"
HEAD_OR_PORTRAIT = "Who performs"
THE_HEAD = "3D head"
THE_PORTRAIT = "Portrait"
PORTRAIT = "Photograph"
EMOTION = "3. The emotion"
PREVIEW = "Preview"
TIME_LINE = "4. Over time"
WITH_MUSIC = "Music that follows the emotion"
COMPOSER = "Composer"
FACE_DIALS = "Dials of the face"
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
NOT_UPLOADED = "A file has to be uploaded; its place on the server cannot be named."
EXPORT_EMOTIONML = "EmotionML"
EXPORT_JSON = "JSON"
WHOLE_TAKE = "Whole take (zip)"

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
    "no_sound": "The waveform of your line appears here. Double-click to set a keyframe, drag it, press Delete to remove it.",
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
