"""Texts of the interface: marked where they stand, translated when somebody reads them."""
from odoo.tools.translate import code_translations


def _lt(source):
    """Mark a text for translation and leave it a plain string, as schemas and tables of constants need it."""
    return source


def translate(source, lang, modules=('saas_master',)):
    """``source`` in the language ``lang`` by the first of ``modules`` that has it, else as it is."""
    if not lang or lang == 'en_US':
        return source
    found = (code_translations.get_python_translations(module, lang).get(source) for module in modules)
    return next(filter(None, found), source)
