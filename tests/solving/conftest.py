"""What tests of the command share."""

import pytest


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is refused is so before a pattern is solved."""

    def fail(*_: object, **__: object) -> None:
        pytest.fail("solving was begun")

    monkeypatch.setattr("crystalnet.solving.command.one.solve", fail)
