"""Words of Stripe's that the driver needs: the version it speaks, languages, reasons."""

API_VERSION = '2026-10-28.endive'       # of every call and of every webhook endpoint; the package is pinned to its row
LANGUAGES = frozenset((
    'bg', 'cs', 'da', 'de', 'el', 'en', 'en-GB', 'es', 'es-419', 'et', 'fi', 'fil', 'fr', 'fr-CA', 'hr', 'hu', 'id', 'it',
    'ja', 'ko', 'lt', 'lv', 'ms', 'mt', 'nb', 'nl', 'pl', 'pt', 'pt-BR', 'ro', 'ru', 'sk', 'sl', 'sv', 'th', 'tr', 'vi',
    'zh', 'zh-HK', 'zh-TW'))
FEEDBACK = ('too_expensive', 'missing_features', 'switched_service', 'unused', 'customer_service', 'too_complex',
            'low_quality', 'other')


def language(code):
    """Of a language like es_DO, es-DO or es the one that Stripe's pages have, or ``auto``: that of the browser."""
    wanted = (code or '').replace('_', '-').partition('.')[0].partition('@')[0]
    return next((found for found in (wanted, wanted.partition('-')[0]) if found in LANGUAGES), 'auto')


def feedback(code):
    """A reason outside of Stripe's list would be refused; it is told as ``other``."""
    return code if code in FEEDBACK else 'other' if code else ''
