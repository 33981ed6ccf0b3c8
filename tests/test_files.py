"""A final name never holds half a file."""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from crystalnet.files import atomic_write, locked, sha256


def test_a_file_appears_whole(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "deep/file") as temporary:
        temporary.write_text("whole")
        assert not (tmp_path / "deep/file").exists()
    assert (tmp_path / "deep/file").read_text() == "whole"
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["file"]


def test_a_directory_replaces_a_directory(tmp_path: Path) -> None:
    for content in ("one", "two"):
        with atomic_write(tmp_path / "store") as temporary:
            temporary.mkdir()
            (temporary / content).write_text(content)
    assert [p.name for p in tmp_path.rglob("*")] == ["store", "two"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_a_failure_keeps_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fail() -> None:
        with atomic_write(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_kill_9_leaves_no_half_file_under_the_final_name(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from crystalnet.files import atomic_write\n"
        "with atomic_write(Path(sys.argv[1])) as t:\n"
        "    t.write_text('half'); print('writing', flush=True); time.sleep(60)\n"
    )
    path = tmp_path / "file"
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE, cwd=os.getcwd()
    )
    assert process.stdout is not None
    with process.stdout:
        process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert not path.exists()
    with atomic_write(path) as temporary:
        temporary.write_text("whole")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_sha256_of_a_directory_sees_names_and_contents(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text("1")
    assert sha256(tmp_path / "a") == sha256(tmp_path / "b")
    (tmp_path / "b/x").rename(tmp_path / "b/y")
    assert sha256(tmp_path / "a") != sha256(tmp_path / "b")
    (tmp_path / "a/x").write_text("2")
    assert sha256(tmp_path / "a/x") != sha256(tmp_path / "b/y")


def test_a_directory_is_made_as_deep_as_it_is_asked_for(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "a/b/c/file") as temporary:
        temporary.write_text("whole")
    assert (tmp_path / "a/b/c/file").read_text() == "whole"


def test_what_a_killed_write_left_is_not_mixed_in(tmp_path: Path) -> None:
    for name in (".store.partial", ".store.replaced"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "half").write_text("half")
    for content in ("one", "two"):
        with atomic_write(tmp_path / "store") as temporary:
            assert not temporary.exists()
            temporary.mkdir()
            (temporary / content).write_text(content)
    assert [p.name for p in tmp_path.rglob("*")] == ["store", "two"]


@pytest.mark.parametrize("directory", [False, True])
def test_contents_reach_the_disk_before_the_name_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, directory: bool
) -> None:
    seen: list[str] = []
    opened: set[int] = set()
    replace = os.replace

    def flushed(descriptor: int) -> None:
        opened.add(descriptor)
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        seen.append(f"flush {path.relative_to(tmp_path)}")

    def replaced(source: Path, target: Path) -> None:
        seen.append(f"rename to {target.name}")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "replace", replaced)
    with atomic_write(tmp_path / "x") as temporary:
        if directory:
            (temporary / "deep").mkdir(parents=True)
            (temporary / "deep/file").write_text("1")
        else:
            temporary.write_text("1")
    inside = ["flush .x.partial/deep/file"] if directory else []
    assert seen == [*inside, "flush .x.partial", "rename to x", "flush ."]
    for descriptor in opened:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


def test_sha256_of_a_directory_does_not_depend_on_the_order_of_its_listing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / name).write_text(name)
    forwards = sha256(tmp_path)
    listing = sorted(tmp_path.rglob("*"))
    for order in (listing, listing[::-1]):
        monkeypatch.setattr(Path, "rglob", lambda self, pattern, order=order: iter(order))
        assert sha256(tmp_path) == forwards


def test_a_locked_folder_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "a/b"
    for _ in range(2):
        with (
            locked(folder),
            (folder / "lock").open("w") as other,
            pytest.raises(BlockingIOError),
        ):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with (folder / "lock").open("w") as other:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
