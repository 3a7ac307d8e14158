from __future__ import annotations

from pathlib import Path

import pytest

from mnist_scratch.data.sources.classes import read_classes, write_classes
from mnist_scratch.errors import MnistScratchError


def test_names_that_were_written_are_read_again(tmp_path: Path) -> None:
    names = ("a", "Ä", "T-shirt/top", "of two words", "い")
    write_classes(tmp_path, names)
    assert (
        tmp_path / "classes.txt"
    ).read_bytes() == "a\nÄ\nT-shirt/top\nof two words\nい\n".encode()
    assert read_classes(tmp_path) == names


def test_a_folder_without_names_has_the_digits(tmp_path: Path) -> None:
    assert read_classes(tmp_path) == tuple("0123456789")


def test_the_lines_of_windows_editors_are_read(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_bytes(b"\xef\xbb\xbfcat\r\ndog \r\n\r\n")
    assert read_classes(tmp_path) == ("cat", "dog")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "1 names of classes: there must be 2 to 256"),
        ("\n".join(map(str, range(257))).encode(), "257 names of classes: there must be 2 to 256"),
        (b"a\n\nb\n", "line 2: '' must be a name"),
        (b"a\nb\na\n", "line 3: line 1 has the name a too"),
        (b"a\n" + b"b" * 41, "line 2: 'b+' must have at most 40 characters"),
        (b"a\nb\x1b[2J\n", r"line 2: 'b\\x1b\[2J' must have .* all printable"),
        ("a\nb\n".encode("utf-16"), "not UTF-8; save it in that encoding"),
    ],
)
def test_what_is_no_list_of_names_is_refused_with_its_line(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "classes.txt").write_bytes(content)
    with pytest.raises(MnistScratchError, match=rf"classes\.txt: {message}"):
        read_classes(tmp_path)


def test_names_that_could_not_be_read_again_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="class 1: 'a ' must be a name, without spaces around it"):
        write_classes(tmp_path, ("a", "a "))
    assert list(tmp_path.iterdir()) == []
