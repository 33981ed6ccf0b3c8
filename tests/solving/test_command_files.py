"""Where the command may write, and what it cannot read: one line, found out before any work."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from crystalnet import cli
from crystalnet.errors import CrystalNetError
from crystalnet.files import probe, shown
from crystalnet.solving.pattern.file import may_be_pattern, read_pattern
from crystalnet.solving.pattern.formats.content import LARGEST, MOST_LINES, file_content
from tests.solving.command_line import HALITE, QUICK, refused


def put_a_file(place: Path) -> Path:
    (place / "file").write_text("in the way")
    return place / "file"


def put_a_page(place: Path) -> Path:
    (place / "out" / "report.html").mkdir(parents=True)
    return place / "out"


def put_a_candidate(place: Path) -> Path:
    (place / "out").mkdir()
    (place / "out" / "candidate-01").write_text("in the way")
    return place / "out"


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize(
    "where",
    [
        put_a_file,
        lambda place: put_a_file(place) / "below",
        put_a_page,
        put_a_candidate,
        lambda place: place / ("n" * 300),
        lambda place: place / ("n" * 300) / "below",
        # Nobody can make a folder there, root neither.
        lambda place: Path("/proc/crystalnet"),
    ],
)
def test_what_cannot_be_written_is_found_out_before_any_work(
    where: Callable[[Path], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = where(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    error = refused(capsys, ["solve", str(HALITE), "--output", str(out)])
    assert str(out) in error
    assert "cannot be written to" in error
    assert sorted(tmp_path.rglob("*")) == before


def test_probing_leaves_nothing(tmp_path: Path) -> None:
    probe(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("kept")
    probe(tmp_path / "kept")
    assert [each.name for each in (tmp_path / "kept").iterdir()] == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    error = refused(capsys, ["solve", str(HALITE), "--output", str(tmp_path / "closed")])
    assert "Permission denied" in error


def a_pipe(place: Path) -> Path:
    os.mkfifo(place / "pipe.xy")
    return place / "pipe.xy"


def a_dangling_link(place: Path) -> Path:
    (place / "link.xy").symlink_to(place / "nowhere")
    return place / "link.xy"


def a_link_to_itself(place: Path) -> Path:
    (place / "self.xy").symlink_to(place / "self.xy")
    return place / "self.xy"


def a_socket(place: Path) -> Path:
    # Sockets take short paths only.
    before = Path.cwd()
    os.chdir(place)
    try:
        with socket.socket(socket.AF_UNIX) as end:
            end.bind("s.xy")
    finally:
        os.chdir(before)
    return place / "s.xy"


def of_bytes(content: bytes) -> Callable[[Path], Path]:
    def write(place: Path) -> Path:
        (place / "file.xy").write_bytes(content)
        return place / "file.xy"

    return write


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda _: Path("/dev/zero"), "a device, not a file"),
        (lambda _: Path("/dev/null"), "a device, not a file"),
        (a_pipe, "a pipe, not a file"),
        (a_socket, "a socket, not a file"),
        (a_dangling_link, "no such file"),
        (a_link_to_itself, "cannot be read"),
        (lambda place: place / "nowhere.xy", "no such file"),
        (lambda place: place / ("n" * 300), "cannot be"),
        (of_bytes(b""), "the file is empty"),
        (of_bytes(b" \n\n"), "the file is empty"),
        (of_bytes(b"\x7fELF\0\0\0"), "a binary file"),
        (of_bytes(b"\xff\xfe\xfa"), "holds no numbers"),
        (of_bytes(b"\xe9\xe8 no UTF-8\n"), "holds no numbers"),
        (of_bytes(b"10 5\n" * 2), "does not say its wavelength"),
    ],
)
def test_what_is_no_pattern_ends_in_one_line(
    make: Callable[[Path], Path],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["solve", str(make(tmp_path)), "--output", str(tmp_path / "out")]
    assert message in refused(capsys, arguments)
    assert not (tmp_path / "out").exists()


def test_reading_is_bounded_whatever_a_file_says_of_its_size(tmp_path: Path) -> None:
    path = tmp_path / "sparse.xy"
    with path.open("wb") as stream:
        stream.truncate(LARGEST + 1)
    with pytest.raises(CrystalNetError, match="more than 100 MB"):
        file_content(path)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_bounded_too(tmp_path: Path, end: str) -> None:
    path = tmp_path / "blank.xy"
    path.write_text("10 1\n" + end * (MOST_LINES + 1), newline="")
    with pytest.raises(CrystalNetError, match="more than 5 million lines"):
        file_content(path)
    rows = "".join(f"{angle} 5{200 * end}" for angle in range(10, 40))
    path.write_text(200 * end + rows, newline="")
    assert len(read_pattern(path, wavelength="CuKa").two_theta) == 30


def test_blank_lines_in_a_cif_are_looked_at_once(tmp_path: Path) -> None:
    path = tmp_path / "blank.cif"
    # Each of them with all that follow it would be 8 * 10^12 looks.
    path.write_text("data_a\n_cell_length_a 3\n" + "\n" * 4_000_000)
    assert not may_be_pattern(path)


NAMES = ["{x}.xy", "<b>x&y.xy", "a b'\"c.xy", "%s%d.xy", "\N{GREEK SMALL LETTER THETA}.xy",
         "-x.xy", "{{ 7*7 }}.xy", "</script>.xy".replace("/", "_"), "new\nline.xy",
         os.fsdecode(b"no-utf8-\xff.xy")]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_names_are_names(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pattern = tmp_path / name
    pattern.write_bytes(HALITE.read_bytes())
    assert cli.main(["solve", str(pattern), *QUICK]) == 0
    folder = tmp_path / f"{name}-solved"
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["told"]["pattern"] == shown(pattern)
    page = (folder / "report.html").read_text()
    told = page[page.index("What was told") : page.index('<script id="data"')]
    assert "<b>x" not in told
    assert "49.xy" not in told
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.endswith(shown(folder / "report.html"))


def test_a_name_that_leaves_no_room_for_the_folders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pattern = tmp_path / ("n" * 250 + ".xy")
    pattern.write_bytes(HALITE.read_bytes())
    assert "File name too long" in refused(capsys, ["solve", str(pattern), *QUICK])
    assert cli.main(["solve", str(pattern), *QUICK, "--output", str(tmp_path / "out")]) == 0


def test_a_disk_that_fills_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("crystalnet.solving.output.write_page", full)
    error = refused(capsys, ["solve", str(HALITE), *QUICK, "--output", str(tmp_path / "out")])
    assert "No space left on device" in error
    assert not (tmp_path / "out" / "summary.json").exists()
