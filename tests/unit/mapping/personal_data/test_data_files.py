"""The data files: versioned, so that a new vocabulary classifies anew."""

from __future__ import annotations

import hashlib

import pytest

from spheresync.mapping.personal_data import CLASSIFIER_VERSION
from spheresync.mapping.personal_data.vocabulary import dictionary, read_data, vocabulary
from spheresync.model import canonical_json

_DIGESTS = {
    "dictionary.json": "c2e98d13a0c9a2a5",
    "vocabulary.json": "cc74e664943f64be",
}
"""Of the contents. Where they change, raise CLASSIFIER_VERSION and the `version` of both files: else assets that were
read before keep what the former words said of them."""


@pytest.mark.parametrize("name", sorted(_DIGESTS))
def test_contents_do_not_change_without_their_version(name: str) -> None:
    data = read_data(name)
    assert data["version"] == CLASSIFIER_VERSION
    assert hashlib.sha256(canonical_json(data)).hexdigest()[:16] == _DIGESTS[name]


def test_the_dictionary_knows_fields_of_either_kind() -> None:
    fields = dictionary().fields
    assert len(fields) >= 150
    for name in ("VORNA", "NACHN", "GBDAT", "SMTP_ADDR", "STCD1", "PERNR", "NAME1"):
        assert fields[name] is not None
    for name in ("WERKS", "MATNR", "BUKRS", "HOSTNAME"):
        assert fields[name] is None


def test_every_phrase_means_something() -> None:
    known = vocabulary()
    assert "" not in known.phrases
    assert not known.stop_words & {word for phrase in known.phrases for word in phrase.split()}
