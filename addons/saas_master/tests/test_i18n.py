"""Everything a person reads is there in Spanish: no term without, none that breaks, and the pages show it."""
import io
import re

import polib
from lxml import html

from odoo.tests import tagged
from odoo.tools.misc import file_path
from odoo.tools.translate import TranslationFileWriter, TranslationImporter, TranslationModuleReader

from odoo.addons.saas_master.series import SERIES_17

from .common import SaasCase
from .dedicated_common import DedicatedCase
from .portal_common import PortalHttpCase
from .signup_common import GOOD
from .test_signup_website import WebsiteCase

LANG = 'es_ES'
FIELD = re.compile(r'model:ir\.model\.fields,\w+:(saas_\w+\.\w+)')
PLACEHOLDER = re.compile(r'%(?:\(\w+\))?[sd]|\{\w+\}')
CODE = re.compile(r'[a-z]+(_[a-z]+)*')      # not for people; 19.0 takes what stands beside _() in a tuple for a term
EDGES = ' .:?…'
SAME = {
    '10.10.10.0/24', '10.10.10.1', '10.10.10.10', '10.10.10.250', '123 456', '<span class="o_stat_text">Tenants</span>', 'API',
    'Backend', 'Base', 'CPU (%)', 'Enterprise', 'Error', 'GB', 'Host', 'ID', 'MB', 'MiB,', 'Odoo 17.0', 'Odoo 19.0',
    'OpenAPI 3.1', 'Plan', 'Portal', 'PostgreSQL', 'Proxmox', 'Proxmox VE', 'REST', 'RPC', 'SSH', 'SaaS', 'Tenant', 'Tenants',
    'VLAN', 'acme', 'contacts, calendar', 'https://pve.example.com:8006',
    'local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst', 'saas@pve!control', 'tenants',
}
ENGLISH = re.compile(
    r'\b(?:again|and|are|at|by|for|free|from|how|is|its?|link|mail|month|nothing|of|or|our|password|ready|server|than|'
    r'that|the|they|this|to|until|was|we|with|your?)\b', re.IGNORECASE)
KINDS = {
    'saas.tenant': ('provision', 'suspend', 'resume', 'delete', 'cleanup', 'install_modules'),
    'saas.template': ('build_template',),
    'saas.standby': ('build_standby', 'discard_standby'),
}


def load_spanish(env, addon='saas_master'):
    """What is in es.po, also where the database had an older text, and in the menu of every website."""
    for code in ('en_US', LANG):
        env['res.lang']._activate_lang(code)
    importer = TranslationImporter(env.cr, verbose=False)
    importer.load_file(f'{addon}/i18n/es.po', LANG)
    importer.save(force_overwrite=True)
    env['ir.module.module']._load_module_terms([addon], [LANG], overwrite=True)


def terms(name, addon='saas_master'):
    """The entries of a file by their English text."""
    return {entry.msgid: entry for entry in polib.pofile(file_path(f'{addon}/i18n/{name}'))}


def tags(text):
    return sorted((node.tag, sorted(node.attrib.items())) for node in html.fromstring(f'<div>{text}</div>').iter())


class Terms:
    """The terms of one addon; other addons check theirs by it."""

    addon = 'saas_master'
    same = SAME

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        load_spanish(cls.env, cls.addon)
        cls.template_file, cls.spanish = terms(f'{cls.addon}.pot', cls.addon), terms('es.po', cls.addon)
        target = io.BytesIO()
        rows = TranslationModuleReader(cls.env.cr, modules=[cls.addon], lang=LANG)
        TranslationFileWriter(target, fileformat='po', lang=LANG).write_rows(rows)
        exported = {entry.msgid: entry for entry in polib.pofile(target.getvalue().decode())}
        cls.exported = {msgid: entry for msgid, entry in exported.items() if cls._is_ours(entry)}

    @classmethod
    def _is_ours(cls, entry):
        """Which fields other addons put into our models, and so which of their labels, depends on those installed."""
        places = [place for place, _line in entry.occurrences]
        if not SERIES_17 and CODE.fullmatch(entry.msgid) and all(place.startswith('code:') for place in places):
            return False
        return any(not (field := FIELD.match(place)) or cls._is_our_field(field[1]) for place in places)

    @classmethod
    def _is_our_field(cls, xml_id):
        record = cls.env.ref(xml_id, raise_if_not_found=False)
        return bool(record) and cls.addon in cls.env[record.model]._fields[record.name]._modules

    def _assert_none(self, entries, advice):
        self.assertFalse(entries, f'{advice}\n\n' + '\n'.join(str(entry) for entry in entries))

    def test_no_term_is_missing(self):
        for name, known in ((f'{self.addon}.pot', self.template_file), ('es.po', self.spanish)):
            missing = [entry for msgid, entry in self.exported.items() if msgid not in known]
            self._assert_none(missing, f'Add these terms to i18n/{name}:')
        self.assertEqual(set(self.template_file), set(self.spanish), 'both files have the same terms')

    def test_no_term_is_left_over(self):
        """A comment marks what this series does not export: another one's wording, or what was added by hand."""
        gone = [entry for msgid, entry in self.spanish.items()
                if msgid not in self.exported and not entry.tcomment and self._is_ours(entry)]
        self._assert_none(gone, 'No text reads like this any more; remove it from the .pot file and i18n/es.po:')

    def test_every_term_is_translated(self):
        entries = self.spanish.values()
        self._assert_none([entry for entry in entries if not entry.msgstr.strip()], 'Translate:')
        self._assert_none([entry for entry in entries if entry.fuzzy or entry.obsolete], 'Look at these and decide:')
        self._assert_none([entry for entry in entries if entry.msgstr == entry.msgid and entry.msgid not in self.same],
                          'Translate, or add to the words that are the same in both languages:')

    def test_no_translation_breaks(self):
        for entry in self.spanish.values():
            for part in (PLACEHOLDER.findall, tags):
                self.assertEqual(sorted(part(entry.msgid)), sorted(part(entry.msgstr)), entry.msgid)
            for edge in (slice(1), slice(-1, None)):
                self.assertEqual(entry.msgid[edge] in EDGES, entry.msgstr[edge] in EDGES, entry.msgid)

    def test_odoo_shows_what_the_file_says(self):
        for msgid, entry in self.exported.items():
            self.assertEqual(entry.msgstr or msgid, self.spanish[msgid].msgstr)


@tagged('post_install', '-at_install')
class TestTerms(Terms, SaasCase):

    def test_the_menu_of_apps_is_spanish(self):
        module = self.env.ref('base.module_saas_master').with_context(lang=LANG)
        self.assertEqual(module.shortdesc, 'Plano de control SaaS')

    def test_steps(self):
        for model, kinds in KINDS.items():
            for kind in kinds:
                spanish = self.env[model].with_context(lang=LANG)._operation_steps(kind)
                english = self.env[model].with_context(lang='en_US')._operation_steps(kind)
                own = {code: self.spanish[label].msgstr for code, label in english if label in self.spanish}
                self.assertTrue(own)
                self.assertEqual({code: label for code, label in spanish if code in own}, own, 'other addons add theirs')

    def test_a_customer_follows_his_operation_in_spanish(self):
        tenant = self._tenant()
        tenant.with_context(lang='en_US').action_provision()
        progress = tenant.operation_id.with_context(lang=LANG)._progress()
        self.assertEqual(progress['label'], 'Elegir un servidor')
        self.assertEqual(progress['steps'][-1]['name'], 'Enviar el correo de bienvenida')


class Spanish:
    """Pages and mails as people read them in Spanish; for cases with a web server."""

    spanish_addons = ('saas_master',)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for addon in cls.spanish_addons:
            load_spanish(cls.env, addon)
        english, spanish = (cls.env['res.lang']._lang_get(code) for code in ('en_US', LANG))
        website = cls.env['website'].get_current_website()
        website.write({'language_ids': [(6, 0, (english | spanish).ids)], 'default_lang_id': english.id})
        cls.prefix = f'/{spanish.url_code}'

    def _assert_spanish(self, text, *expected):
        """``text`` of a page or a mail: its words, and what it tells to those who cannot see it."""
        root = html.fromstring(text)
        part = root.xpath('//div[@id="wrap"]') or [root]
        words = ' '.join(part[0].xpath('.//text() | .//@alt | .//@title | .//@placeholder | .//@aria-label'))
        for phrase in expected:
            self.assertIn(phrase, ' '.join(words.split()))
        self.assertFalse(ENGLISH.findall(words), ' '.join(words.split()))


class TestSpanishPages(Spanish, WebsiteCase):

    def _page(self, path, *expected):
        page = self.url_open(self.prefix + path)
        self._assert_spanish(page.text, *expected)
        return page.text

    def test_plans(self):
        page = self._page('/saas', 'El Odoo de tu empresa, en marcha en segundos', 'Empezar la prueba gratis')
        self.assertRegex(page, r'<a[^>]*href="/es/saas"[^>]*>\s*<span>Planes</span>', 'the menu')

    def test_no_plans(self):
        self.env['saas.plan'].search([]).is_published = False
        page = self._page('/saas', 'Ahora mismo no hay ningún plan a la venta')
        self.assertNotIn('Empezar la prueba gratis', page)

    def test_form(self):
        self._page('/saas/signup', 'Crea tu Odoo', 'Envíame el enlace')
        wrong = {'contact_name': 'www.x.y', 'email': 'x', 'name': 'admin', 'lang': 'xx', 'plan': 'x'}
        page = self._post(f'{self.prefix}/saas/signup', wrong)
        self._assert_spanish(page.text, 'Dinos el nombre de tu empresa.', 'Este plan ya no se ofrece. Elige otro.')
        answer = self.url_open(f'{self.prefix}/saas/signup/check?name=admin').json()
        self.assertEqual(answer['message'], 'Este nombre está reservado. Elige otro.')

    def test_order_and_mail(self):
        page = self._post(f'{self.prefix}/saas/signup', {**GOOD, 'lang': LANG})
        self._assert_spanish(page.text, 'Revisa tu correo', 'Hemos enviado un enlace a')
        mail = self._mails()[-1]
        self.assertEqual(mail.subject, 'Confirma tu correo para poner en marcha tu Odoo')
        self._assert_spanish(mail.body_html, 'Un clic más', 'Confirmar y poner en marcha mi Odoo')
        path = f'/saas/confirm/{self._token()}'
        self._page(path, 'Un clic y tu Odoo se pone en marcha')
        self.Signup.search([], limit=1).state = 'expired'
        self._page(path, 'Envíame un enlace nuevo')
        self._page('/saas/confirm/nobody', 'No conocemos este enlace')

    def test_progress(self):
        signup = self._ordered(lang=LANG)
        path = f'/saas/progress/{self._token()}'
        signup._confirm()
        tenant = signup.tenant_id
        self._page(path, 'Estamos creando tu Odoo', 'Elegir un servidor')
        tenant.reason_ids = self.env['saas.suspension.reason'].search([])
        for state, title in (('failed', 'No ha funcionado'), ('suspended', 'Falta un pago.'),
                             ('running', 'Tu Odoo está listo'), ('deleted', 'Este Odoo se ha eliminado')):
            tenant.with_context(saas_set_state=True).state = state
            self._page(path, title)

    def test_mails(self):
        tenant = self._running_tenant(lang=LANG, trial_end='2026-12-31')
        tenant.reason_ids = self.env['saas.suspension.reason'].search([])
        for name in ('welcome', 'provision_failed', 'suspended', 'resumed', 'deleted'):
            template = self.env.ref(f'saas_master.mail_template_{name}')
            for field in ('subject', 'body_html'):
                self._assert_spanish(template._render_field(field, tenant.ids, compute_lang=True)[tenant.id])


@tagged('post_install', '-at_install')
class TestSpanishContainer(Spanish, DedicatedCase, PortalHttpCase):

    def test_what_a_customer_sees_of_his_container(self):
        tenant = self._dedicated_tenant('redwing')
        tenant.plan_id.name = 'Redwing'
        tenant.container_id.observed_at = '2030-01-31 12:00:00'
        self.look.lang = LANG
        self._login(self.look)
        for values, words in (
                ({'state': 'running'}, 'Está en marcha.'), ({'state': 'stopped'}, 'Está detenido.'),
                ({'problem_code': 'missing'}, 'No está como debería. Nuestro equipo lo sabe.'),
                ({'problem_code': 'started'}, 'Lo estamos atendiendo.')):
            tenant.container_id.write(values)
            self._assert_spanish(self._get(f'{self.prefix}/my/tenants/{tenant.id}').text, 'Tu propio servidor', words)
