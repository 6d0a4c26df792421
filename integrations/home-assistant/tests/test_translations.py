"""What the integration says is said in each of its languages, and under one name."""

from __future__ import annotations

from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "custom_components" / "doorward"
STRINGS = json.loads((FOLDER / "strings.json").read_text())


def said(words: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Give each sentence with where it stands."""
    for key, value in words.items():
        yield from said(value, f"{path}{key}.") if isinstance(value, dict) else [(path + key, value)]


def test_english_is_what_the_strings_are() -> None:
    """Nobody forgets to copy them."""
    assert json.loads((FOLDER / "translations" / "en.json").read_text()) == STRINGS


@pytest.mark.parametrize("language", ["de", "fr", "es"])
def test_each_language_says_all_of_it(language: str) -> None:
    """Nothing lacks or is left over, each place in a sentence is there, and Doorward is called so as in English."""
    english = dict(said(STRINGS))
    other = dict(said(json.loads((FOLDER / "translations" / f"{language}.json").read_text())))
    assert sorted(english) == sorted(other)
    for key, sentence in english.items():
        assert sorted(re.findall(r"{\w+}", other[key])) == sorted(re.findall(r"{\w+}", sentence)), key
        assert other[key].strip(), key
        assert "Doorward" not in sentence or "Doorward" in other[key], key


def test_german_has_one_name_for_the_hub() -> None:
    """People are not to wonder what else there is."""
    german = dict(said(json.loads((FOLDER / "translations" / "de.json").read_text())))
    assert [key for key, sentence in german.items() if re.search(r"\bHubs?\b|\bZentrale", sentence)] == []
