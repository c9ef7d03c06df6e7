"""config.yml in the hands of an administrator and of us: our rules in it, his rest as it was."""
import pytest
import yaml

from bare.saas_domains.edge.ingress import Rule, render
from bare.saas_domains.edge.tunnel_file import MARKER, is_ours, parse, rules, settings, with_ingress
from bare.saas_master.drivers.errors import Permanent
from tunnel_fixtures import CONFIG

INGRESS = render([Rule('www.acme.test', 'http://127.0.0.1:8080', origin_request={'connectTimeout': 5})])
IN_YAML = [{'hostname': 'www.acme.test', 'service': 'http://127.0.0.1:8080', 'originRequest': {'connectTimeout': '5s'}},
           {'service': 'http_status:404'}]

BASE = b'tunnel: x\ncredentials-file: /c\n'
FILES = {
    'by hand': CONFIG.encode(),
    'without rules': BASE,
    'without a last line end': BASE + b'ingress:\n- service: http_status:404',
    'hyphens at the margin': b'ingress:\n- hostname: a\n  service: http://x\n\n# c\n- service: http_status:404\n'
                             b'metrics: ":1"\n' + BASE,
    'rules in brackets': BASE + b'ingress: [{service: "http_status:404"}]\nloglevel: info\n',
    'brackets over lines': BASE + b'ingress: [\n  {service: "http_status:404"}\n]\nloglevel: info\n',
    'quoted key': b'"tunnel": x\n"ingress":\n  - service: http_status:404\n"credentials-file": /c\n',
    'all in braces': b'{tunnel: x, credentials-file: /c, ingress: [{service: "http_status:404"}]}\n',
    'anchors': b'x-a: &o {connectTimeout: 10s}\ntunnel: x\ningress:\n  - service: http_status:404\n'
               b'    originRequest: *o\noriginRequest: *o\n',
    'an anchor within': b'tunnel: x\ningress:\n  - service: http_status:404\n    originRequest: &o {noTLSVerify: true}\n'
                        b'originRequest: *o\n',
    'text that looks like it': b'tunnel: x\nnote: |\n  ingress:\n    - y\nlogfile: "/ingress: /"\ningress:\n'
                               b'  - service: http_status:404\n',
    'another language': 'tunnel: x   # túnel\nlogfile: /tmp/ñ.log\ningress:\n'
                        '  - service: http_status:404  # último\n'.encode(),
    'a document mark': b'---\ntunnel: x\ningress:\n  - service: http_status:404\n...\n',
    'line ends of Windows': b'tunnel: x\r\ningress:\r\n  - service: http_status:404\r\nmetrics: ":1"\r\n',
    'no rules but the word': BASE + b'ingress:\n',
}


@pytest.mark.parametrize('data', FILES.values(), ids=FILES)
def test_the_rules_change_and_nothing_else(data):
    written = with_ingress(data, INGRESS)
    before, after = yaml.safe_load(data), yaml.safe_load(written)
    assert after.pop('ingress') == IN_YAML
    before.pop('ingress', None)
    assert after == before == settings(written) == settings(data)
    assert is_ours(written)
    assert not is_ours(data)


@pytest.mark.parametrize('data', FILES.values(), ids=FILES)
def test_writing_again_changes_nothing_and_other_rules_leave_no_trace(data):
    written = with_ingress(data, INGRESS)
    assert with_ingress(written, INGRESS) == written
    assert with_ingress(with_ingress(written, render([], 'http://127.0.0.1:1')), INGRESS) == written
    assert written.count(MARKER.encode()) == 1


def test_remarks_and_order_stay():
    assert with_ingress(CONFIG.encode(), INGRESS).decode() == '''\
# made by hand
tunnel: 6ff42ae2-765d-4adf-8112-31c55c1551ef
credentials-file: /etc/cloudflared/credentials.json   # secret

originRequest:
  connectTimeout: 10s
''' + MARKER + '''\
ingress:
  - hostname: "www.acme.test"
    service: "http://127.0.0.1:8080"
    originRequest: {"connectTimeout": "5s"}
  - service: "http_status:404"

# where Prometheus looks
metrics: 127.0.0.1:0
'''


def test_a_secret_in_the_file_is_not_repeated():
    with pytest.raises(Permanent) as raised:
        parse(b'token: "secret-1\n\x00"\ncredentials-contents: {secret-2: secret-2')
    assert 'secret' not in str(raised.value)


@pytest.mark.parametrize('data, words', [
    (b'', 'no mapping'), (b'- a\n', 'no mapping'), (b'text', 'no mapping'), (b'a: b: c', 'cannot be read'), (b'a: [', 'line 2'),
    (b'tunnel: x\ntunnel: y\n', 'tunnel stands twice'), (b'a: {b: 1, b: 2}', 'b stands twice'),
    (b'\xff\xfe\x00', 'cannot be read'), (b'a: !!python/object/apply:os.getcwd []', 'could not determine'),
    (b'ingress: []\nx: 1\ningress: []\n', 'ingress stands twice'),
    (b'a: 2001-99-99', 'cannot be read'), (b'a: 1\n---\nb: 2\n', 'cannot be read')])
def test_a_file_that_cannot_be_read_says_where(data, words):
    for read in (parse, settings, lambda text: with_ingress(text, INGRESS)):
        with pytest.raises(Permanent, match=words) as raised:
            read(data)
        assert raised.value.problem == 'tunnel_yaml'


@pytest.mark.parametrize('by_hand', [False, True])
def test_the_rules_that_are_there(by_hand):
    """Ours are read by their form, those of others as YAML: the answer is the same."""
    wanted = render([Rule('b.sajet.us', 'http://127.0.0.1:8080'),
                     Rule('a.sajet.us', 'https://10.0.0.1', '/x', {'noTLSVerify': True, 'connectTimeout': 10})],
                    'http_status:404')
    data = with_ingress(CONFIG.encode(), wanted)
    if by_hand:
        data = yaml.safe_dump(yaml.safe_load(data)).encode()
    assert rules(data) == yaml.safe_load(data)['ingress'] and len(rules(data)) == 3


@pytest.mark.parametrize('data', [b'tunnel: x\n', b'tunnel: x\ningress: none\n'])
def test_a_file_without_rules_has_none(data):
    assert rules(data) == []
