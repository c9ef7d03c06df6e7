"""Which names customers may bring, and what becomes of them."""
import re

import pytest

from bare.saas_domains.edge import names
from bare.saas_master import names as tenant_names


@pytest.mark.parametrize('text, ascii_name, registrable', [
    ('www.impulse-max.com', 'www.impulse-max.com', 'impulse-max.com'),
    ('impulse-max.com', 'impulse-max.com', 'impulse-max.com'),
    ('  WWW.Impulse-Max.COM.  ', 'www.impulse-max.com', 'impulse-max.com'),
    ('tienda.ejemplo.com.mx', 'tienda.ejemplo.com.mx', 'ejemplo.com.mx'),
    ('www.señor.es', 'www.xn--seor-hqa.es', 'xn--seor-hqa.es'),
    ('XN--seor-hqa.es', 'xn--seor-hqa.es', 'xn--seor-hqa.es'),
    ('straße.de', 'xn--strae-oqa.de', 'xn--strae-oqa.de'),
    ('www。例え。jp', 'www.xn--r8jz45g.jp', 'xn--r8jz45g.jp'),
    ('ｗｗｗ．example．com', 'www.example.com', 'example.com'),
    ('shop.jane.github.io', 'shop.jane.github.io', 'jane.github.io'),
    ('www.impulse-max.test', 'www.impulse-max.test', 'impulse-max.test'),
    ('a.b.c.d.example.org', 'a.b.c.d.example.org', 'example.org'),
    ('123.example.com', '123.example.com', 'example.com'),
    ('1.com', '1.com', '1.com'),
])
def test_a_name_in_any_spelling_is_one_name(text, ascii_name, registrable):
    name = names.parse(text)
    assert (name.ascii, name.registrable) == (ascii_name, registrable)
    assert name.is_apex == (ascii_name == registrable)
    assert names.parse(name.ascii) == names.parse(name.unicode) == name


def test_people_see_their_own_script():
    assert names.parse('www.xn--seor-hqa.es').unicode == 'www.señor.es'
    assert names.to_unicode('xn--zzzzzzzz-.com') == 'xn--zzzzzzzz-.com'
    assert names.to_unicode('') == ''


@pytest.mark.parametrize('text, code', [
    ('', 'empty'), (None, 'empty'), ('   ', 'empty'),
    ('https://www.example.com', 'invalid'), ('www.example.com/shop', 'invalid'), ('www.example.com:8080', 'invalid'),
    ('me@example.com', 'invalid'), ('www example.com', 'invalid'), ('www..example.com', 'invalid'),
    ('.example.com', 'invalid'), ('-www.example.com', 'invalid'), ('www-.example.com', 'invalid'),
    ('my_shop.example.com', 'invalid'), ('www.example.com..', 'invalid'), ('ab--cd.example.com', 'invalid'),
    ('xn--a.example.com', 'invalid'), ('xn--www-.example.com', 'invalid'), ('xn--SEOR-0qa\u200b.es;', 'invalid'),
    ('💩.example.com', 'invalid'), ('\u202ewww.example.com', 'invalid'), ('www.example.com\0', 'invalid'),
    ('aא.example.com', 'invalid'), ("www.example.com'--", 'invalid'), ('<b>.example.com', 'invalid'), ('.', 'invalid'),
    ('℀.example.com', 'invalid'), ('a／b.example.com', 'invalid'),
    ('*.example.com', 'wildcard'), ('*', 'wildcard'), ('＊.example.com', 'wildcard'),
    ('localhost', 'single_label'), ('com', 'single_label'), ('com.', 'single_label'),
    ('127.0.0.1', 'address'), ('[::1]', 'address'), ('2001:db8::1', 'address'), ('fe80::1%eth0', 'address'),
    ('127.1', 'address'), ('0x7f.0.0.0x1', 'address'), ('１２７.０.０.１', 'address'), ('1.2.3.4.', 'address'),
    ('co.uk', 'suffix'), ('github.io', 'suffix'), ('com.mx', 'suffix'),
    ('a' * 64 + '.com', 'label_too_long'), ('ñ' * 63 + '.com', 'label_too_long'),
    ('.'.join(['a' * 60] * 5) + '.com', 'too_long'), ('a.' * 5000 + 'com', 'too_long'), ('a' * 100_000, 'too_long'),
    ('sajet.us', 'own'), ('acme.sajet.us', 'own'), ('A.B.SAJET.us.', 'own'), ('xn--bcher-kva.example', 'own'),
])
def test_what_is_no_name_of_a_customer_is_refused(text, code):
    with pytest.raises(names.NameProblem) as caught:
        names.parse(text, own=('sajet.us', 'Xn--Bcher-kva.example.'))
    assert caught.value.code == code and str(caught.value)


def test_a_name_that_only_ends_like_ours_is_the_customers():
    assert names.parse('notsajet.us', own=('sajet.us',)).ascii == 'notsajet.us'


def test_the_longest_names_are_taken():
    label, name = 'a' * 63, '.'.join(['a' * 63] * 3 + ['b' * 57, 'com'])
    assert len(name) == 253 and names.parse(name).ascii == name
    assert names.parse(f'{label}.com').registrable == f'{label}.com'


@pytest.mark.parametrize('text, label', [
    ('www.impulse-max.com', 'impulse-max'), ('impulse-max.com', 'impulse-max'), ('www.techeels.io', 'techeels'),
    ('www.evolucionamujer.com', 'evolucionamujer'), ('shop.impulse-max.com', 'shop-impulse-max'),
    ('www.shop.impulse-max.com', 'shop-impulse-max'), ('www.www.impulse-max.com', 'impulse-max'),
    ('tienda.ejemplo.com.mx', 'tienda-ejemplo'), ('www.señor-ibáñez.es', 'senor-ibanez'), ('straße.de', 'strasse'),
    ('łódź.pl', 'lodz'), ('www.com', 'www-com'), ('admin.com', 'admin-com'), ('www.shop.es', 'shop-es'),
    ('例え.jp', 'r8jz45g'), ('a.com', 'a'), ('www.jane.github.io', 'jane'), ('ab.cd.com', 'ab-cd'),
])
def test_our_name_is_made_from_theirs(text, label):
    assert names.derive_label(names.parse(text)) == label


@pytest.mark.parametrize('text', [
    '.'.join(['a' * 63] * 3 + ['com']), '.'.join(['ñandú' * 9] * 3 + ['com']), 'пример.рф', 'www.みんな.みんな', 'www.www.com',
    'admin.admin', 'a-' * 30 + 'a.com', 'x.xn--p1ai', 'مثال.إختبار', 'www.co', 'test.example',
])
def test_our_name_is_always_one_a_tenant_may_have(text):
    label = names.derive_label(names.parse(text))
    assert tenant_names.problem(label) is None
    for number in (2, 99, 12345):
        other = names.numbered(label, number)
        assert tenant_names.problem(other) is None and other != label


def test_token_and_its_place():
    name = names.parse('www.impulse-max.com')
    assert names.txt_name('jeturing', name) == '_jeturing-verify.impulse-max.com'
    token = names.new_token('jeturing')
    assert re.fullmatch('jeturing-verify-[0-9a-f]{32}', token) and len(token) <= 64
    assert token != names.new_token('jeturing')
