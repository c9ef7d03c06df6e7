"""The page that describes the REST API: readable on every screen, without a script, in the reader's language."""
import os

import pytest

from .conftest import PICTURES, SCREENS

TITLES = {'en': 'Log in', 'es': 'Iniciar sesión'}


@pytest.mark.parametrize('screen', SCREENS)
@pytest.mark.parametrize('lang', TITLES)
def test_the_page(visit, lang, screen):
    window = visit(screen=screen, lang=lang, scripts=False)
    window.page.goto(f'{window.address}/api/docs')
    assert window.page.locator('#login h2').inner_text() == TITLES[lang]
    assert window.page.get_by_text('/api/provisioning/tenant').count() > 1
    assert window.page.locator('html').get_attribute('lang').startswith(lang)
    assert window.page.locator('html').evaluate('root => root.scrollWidth') <= SCREENS[screen]['width']
    if os.environ.get('SAAS_SCREENSHOTS') == '1':
        window.page.screenshot(path=PICTURES / f'api-docs-{lang}-{screen}.png')
