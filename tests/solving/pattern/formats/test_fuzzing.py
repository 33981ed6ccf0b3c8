"""Mutilated files of every format are read or refused in one line; the fixed part of the fuzzer."""

import pytest

from benchmarks.reader_fuzzing import Tally, fuzzed, tried
from benchmarks.reader_samples import SAMPLES


@pytest.mark.parametrize("name", SAMPLES)
def test_no_mutilated_file_breaks_a_reader(name: str) -> None:
    tally = fuzzed(name, 250, seed=1)
    assert tally.inputs == 250
    assert tally.patterns + tally.refused == 250
    assert tally.broken == []
    # Mutilated too little or too much, it would show nothing.
    assert tally.refused > 25
    assert tally.patterns > 1


def test_the_fuzzer_sees_what_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("benchmarks.reader_fuzzing.pattern_of", fail)
    tally = Tally()
    tried(b"1 2", tally)
    assert [why.splitlines()[-1] for _, why in tally.broken] == ["ZeroDivisionError"]
