"""Errors of fetching, by what to do next.

FetchError              something the catalogue names is not at hand
├── UnknownEntryError   no entry of that name: use one of the listed
├── UnreachableError    a source did not answer: try again later, or bring the file
├── WrongHashError      a file is not what the catalogue says: replace it
└── NotAvailableError   no source can give it on this machine: bring the file
"""


class FetchError(Exception):
    """Something the catalogue names is not at hand; the text says what to do."""

    retry = False
    """True where trying again later may help."""


class UnknownEntryError(FetchError):
    """The catalogue has no entry of that name."""


class UnreachableError(FetchError):
    """A source did not answer, stalled, or broke off."""

    retry = True


class WrongHashError(FetchError):
    """A file's size or SHA-256 is not the catalogue's."""


class NotAvailableError(FetchError):
    """This machine cannot use the source, or the source does not have it."""
