"""Errors that a user can act on: one sentence that names the input, what is wrong, and what would do."""


class EspressivoError(Exception):
    """Base of every error that the input causes: the CLI prints it and exits with `exit_code`."""

    exit_code = 2


class InputError(EspressivoError):
    """A file, folder or option that cannot be used."""


class MediaError(InputError):
    """Sound or video that cannot be read or written."""


class FaceError(InputError):
    """A picture or video in which no face can be read."""


class EmotionError(InputError):
    """An emotion that cannot be understood."""


class ScriptError(InputError):
    """A dialogue script that cannot be read; the message names its line."""


class MissingDependencyError(EspressivoError):
    """An optional package, model or file is needed and absent; the message says how to get it."""


class OutputError(EspressivoError):
    """The result cannot be written (full disk, no permission)."""


class Cancelled(EspressivoError):  # noqa: N818 - a wish of the user, not an error of the program
    """The user stopped the work."""

    exit_code = 130
