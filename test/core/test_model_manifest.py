"""Third-party models: looked up in the cache, fetched only when asked, refused when different."""

import functools
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from classroom_fer_ros import fetch_models
from classroom_fer_ros.core.errors import ModelError
from classroom_fer_ros.core.model_card import sha256_of
from classroom_fer_ros.core.model_manifest import (
    cache_dir,
    fetch_model,
    find_model,
    load_manifest,
)

COMMAND = r'python -m classroom_fer_ros\.fetch_models'
PUBLISHED = bytes(range(256)) * 1000


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    return tmp_path / 'cache' / 'classroom_fer_ros' / 'models'


@pytest.fixture
def models(data_dir: Path) -> Path:
    folder = data_dir.parent / 'models'
    if not folder.is_dir():
        pytest.skip(f'no folder of third-party models beside {data_dir}')
    return folder


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the address that it is served at."""
    folder = tmp_path / 'www'
    folder.mkdir()
    handler = functools.partial(_QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield folder, f'http://127.0.0.1:{served.server_port}'
        served.shutdown()


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def write_manifest(folder: Path, url: str) -> Path:
    published = folder / 'published'
    published.write_bytes(PUBLISHED)
    path = folder / 'manifest.yaml'
    path.write_text(
        f'tiny:\n  file: tiny.onnx\n  url: {url}/tiny.onnx\n  sha256: {sha256_of(published)}\n'
        '  licence: MIT\n  source: somebody\n  purpose: a test\n'
    )
    return path


def test_what_was_not_fetched_is_said_with_the_command() -> None:
    with pytest.raises(ModelError, match=f'yunet was not fetched yet: run `{COMMAND} yunet`'):
        find_model('yunet')


@pytest.mark.parametrize('is_folder', [True, False])
def test_yunet_is_copied_from_a_file_or_folder(models: Path, cache: Path, is_folder: bool) -> None:
    source = models if is_folder else models / 'face_detection_yunet_2023mar.onnx'
    path = fetch_model('yunet', str(source))
    assert path == find_model('yunet') == cache / 'face_detection_yunet_2023mar.onnx'
    assert [file.name for file in cache.iterdir()] == [path.name]


def test_a_tampered_file_is_refused(models: Path, cache: Path, tmp_path: Path) -> None:
    content = bytearray((models / 'face_detection_yunet_2023mar.onnx').read_bytes())
    content[1000] ^= 1
    (tmp_path / 'tampered.onnx').write_bytes(content)
    with pytest.raises(ModelError, match=r'tampered\.onnx is not the published model yunet'):
        fetch_model('yunet', str(tmp_path / 'tampered.onnx'))
    assert list(cache.iterdir()) == []


def test_a_file_that_changed_in_the_cache_is_refused(models: Path) -> None:
    path = fetch_model('yunet', str(models))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelError, match=f'delete it and run `{COMMAND} yunet`'):
        find_model('yunet')
    assert fetch_model('yunet', str(models)) == find_model('yunet')


def test_a_model_is_downloaded(server: tuple[Path, str], tmp_path: Path) -> None:
    folder, address = server
    manifest = write_manifest(tmp_path, address)
    (folder / 'tiny.onnx').write_bytes(PUBLISHED)
    path = fetch_model('tiny', manifest=manifest)
    assert path.read_bytes() == PUBLISHED
    (folder / 'tiny.onnx').unlink()
    assert fetch_model('tiny', manifest=manifest) == find_model('tiny', manifest)


@pytest.mark.parametrize('served', [PUBLISHED[:-1], b'', b'<html>moved</html>', None])
def test_what_a_server_gives_instead_is_refused(
    server: tuple[Path, str], tmp_path: Path, cache: Path, served: bytes | None
) -> None:
    folder, address = server
    if served is not None:
        (folder / 'tiny.onnx').write_bytes(served)
    with pytest.raises(ModelError, match=r'tiny\.onnx'):
        fetch_model('tiny', manifest=write_manifest(tmp_path, address))
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize('url', ['http://127.0.0.1:1', 'file:///etc', 'nonsense'])
def test_without_a_server_the_other_way_is_named(tmp_path: Path, url: str) -> None:
    with pytest.raises(ModelError, match=f'{COMMAND} tiny --from FILE'):
        fetch_model('tiny', manifest=write_manifest(tmp_path, url))


def test_a_missing_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match='nowhere'):
        fetch_model('yunet', str(tmp_path / 'nowhere'))


def test_an_unknown_model_is_refused_with_those_known() -> None:
    with pytest.raises(ModelError, match=r"no model 'retina'.*yunet"):
        find_model('retina')


@pytest.mark.parametrize(
    'text',
    ['', '- list', '{', 'tiny: 3', 'tiny: {file: a.onnx}', 'tiny: {unknown: 1}'],
)
def test_a_malformed_manifest_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / 'odd.yaml').write_text(text)
    with pytest.raises(ModelError, match=r'odd\.yaml'):
        load_manifest(tmp_path / 'odd.yaml')
    with pytest.raises(ModelError, match=r'missing\.yaml'):
        load_manifest(tmp_path / 'missing.yaml')


@pytest.mark.parametrize(('field', 'value'), [('file', '../up.onnx'), ('sha256', 'abc')])
def test_a_manifest_cannot_lead_elsewhere(tmp_path: Path, field: str, value: str) -> None:
    manifest = write_manifest(tmp_path, 'http://127.0.0.1:1')
    lines = [
        f'  {field}: {value}' if line.startswith(f'  {field}:') else line
        for line in manifest.read_text().splitlines()
    ]
    manifest.write_text('\n'.join(lines))
    with pytest.raises(ModelError, match='tiny'):
        find_model('tiny', manifest)


def test_a_relative_cache_folder_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('XDG_CACHE_HOME', 'here')
    assert cache_dir() == Path.home() / '.cache' / 'classroom_fer_ros' / 'models'


def test_the_command_fetches_and_lists(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fetch_models.main(['yunet', '--from', str(models)]) == 0
    assert capsys.readouterr().out.strip() == str(find_model('yunet'))
    assert fetch_models.main(['--list']) == 0
    listed = capsys.readouterr().out
    assert 'yunet' in listed
    assert 'MIT' in listed


def test_the_command_says_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch_models.main(['yunet', '--from', str(tmp_path / 'nowhere')]) == 2
    assert 'nowhere' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        fetch_models.main([])
