"""Everything a person reads of domains and webhooks is there in Spanish."""
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.saas_master.tests.common import SaasCase
from odoo.addons.saas_master.tests.test_i18n import ENGLISH, LANG, SAME, Spanish, Terms

from ..edge.dns_providers import PROVIDERS
from ..edge.dns_values import NO_CODES, UNKNOWN_CODES, WARNING_CODES
from .domains_api_common import OURS, PATH, WWW, DomainApiCase
from .portal_domains_common import PortalDomainsCase

KINDS = ('activate_domain', 'primary_domain', 'remove_domain')
SAME_HERE = SAME | {
    '203.0.113.0/24, 2001:db8::/32',
    '<span class="o_stat_text">Tenant</span>', '<span>Webhooks</span>', 'Alias', 'Cloud DNS', 'Cloudflare', 'DNS', 'Nonce',
    'Ping', 'Site Tools', 'TTL', 'Web Cloud', 'Webhook', 'Webhooks', 'cPanel', 'config.yml', 'fallback.sajet.us',
    'https://hooks.example.com/saas', 'sajet.us', 'www.example.com',
}
MAILS = ('activated', 'certificate', 'contested', 'failed', 'left', 'lost', 'trouble', 'unpublished', 'unverified')
IN_SPANISH = {'Accept-Language': 'es'}
AS_ON_THE_SCREEN = '(Is an alias of)'       # of a provider whose pages are in English only


@tagged('post_install', '-at_install')
class TestDomainTerms(Terms, SaasCase):

    addon = 'saas_domains'
    same = SAME_HERE

    def test_steps(self):
        for kind in KINDS:
            spanish = self.env['saas.custom_domain'].with_context(lang=LANG)._operation_steps(kind)
            english = self.env['saas.custom_domain'].with_context(lang='en_US')._operation_steps(kind)
            self.assertEqual(spanish, [(code, self.spanish[label].msgstr) for code, label in english])


@tagged('post_install', '-at_install')
class TestSpanishDomains(Spanish, PortalDomainsCase):

    spanish_addons = ('saas_master', 'saas_domains')

    def setUp(self):
        super().setUp()
        self.act.lang = LANG
        self._login(self.act)

    def _assert_page(self, path, *expected):
        self._assert_spanish(self._get(self.prefix + path).text, *expected)

    def _assert_words(self, words):
        self.assertFalse(ENGLISH.findall(words.replace(AS_ON_THE_SCREEN, '')), words)

    def test_lists_and_forms(self):
        self._active()
        self._assert_page('/my/domains', 'Mis dominios', 'Añadir un dominio', 'Esperando el registro DNS', 'nunca')
        self._assert_page('/my/domains?search=nowhere', 'Nada coincide')
        self._assert_page('/my/domains/add', '¿Qué nombre?', 'Añadirlo')
        self._assert_page(f'/my/tenants/{self.tenant.id}', 'su dirección propia, siempre disponible')
        self.Domain.search([])._end_claim('removed')
        self._assert_page('/my/domains', 'Tu Odoo con tu propio nombre', 'www.tu-empresa.com')

    def test_on_the_way(self):
        path = self._path()
        self._assert_page(path, 'Configura esto en tu proveedor DNS', 'Comprobar ahora', 'Demuestra que el dominio es tuyo')
        for code in (*NO_CODES, *UNKNOWN_CODES):
            self._checked(self.domain, 'no' if code in NO_CODES else 'unknown', code, last_found=['other.net'])
            self._assert_page(path)
        self.domain.write({'verification_status': 'failed'})
        self._assert_page(path, 'Hemos dejado de comprobarlo')
        self._checked(self.domain, 'yes', verification_status='verified')
        self._assert_page(path, 'Certificado y publicación', 'Publicarlo ahora')

    def test_a_name_without_www(self):
        apex = self._domain('redwing.com')
        for provider in (False, 'godaddy', 'cloudflare'):
            apex.provider = provider
            self._assert_page(self._path(domain=apex), 'Este es un nombre sin www')

    def test_active_and_after(self):
        domain, later = self._active(), fields.Datetime.now() + timedelta(days=3)
        path = self._path(domain=domain)
        self._assert_page(path, 'Ya está en línea', 'Convertirlo en el principal')
        domain.write({'left_at': fields.Datetime.now(), 'unpublish_at': later})
        self._assert_page(path, 'Ya no lleva hasta aquí.')
        domain.write({'left_at': False, 'contested_by_id': self.theirs.id, 'contest_ends_at': later})
        self._assert_page(path, 'Otro cliente ha demostrado que este dominio es suyo.')
        for reason in ('proved_by_other', 'tenant_deleted', 'removed'):
            domain.write({'lost_at': fields.Datetime.now(), 'lost_reason': reason, 'is_active': False})
            self._assert_page(path, 'Añadirlo de nuevo')

    def test_while_it_is_published(self):
        domain = self._domain('www.redwing.com')
        domain._set_status('verified')
        domain._publish()
        self._assert_page(self._path(domain=domain), 'Registrar el nombre en Cloudflare')

    def test_providers(self):
        apex = self._domain('redwing.com').with_context(lang=LANG)
        for domain in (self.domain.with_context(lang=LANG), apex):
            for provider in (False, *PROVIDERS):
                domain.provider = provider
                labels = [label for record in domain._provider_records() for _code, label, _value in record['fields']]
                for words in (*domain._provider_path(), domain._provider_tips(), domain._provider_forward(), *labels,
                              *(record['note'] for record in domain._instructions())):
                    self._assert_words(words)

    def test_warnings(self):
        domain = self.domain.with_context(lang=LANG)
        for code in WARNING_CODES:
            told = domain._warning_words({'code': code})
            self.assertNotEqual(told, code)
            self._assert_words(told)

    def test_webhooks(self):
        self._assert_page('/my/webhooks', 'Todavía no hay webhooks', 'Añadir un webhook')
        hook = self.env['saas.webhook'].create({
            'name': 'Chat', 'url': 'https://hooks.example.net/in', 'partner_id': self.customer.id})
        delivery = hook._person_ping()
        for state in ('pending', 'delivered', 'failed'):
            delivery.write({'state': state, 'status': 503, 'attempts': 2, 'tried_at': fields.Datetime.now()})
            self._assert_page(f'/my/webhooks/{hook.id}', 'Reenviar', 'Renovar el secreto', 'Estado 503')
        self._assert_page('/my/webhooks', 'Todos los eventos')
        hook.write({'state': 'paused', 'pause_reason': 'failing'})
        self._assert_page(f'/my/webhooks/{hook.id}', 'En pausa', 'Reanudar')
        template = self.env.ref('saas_domains.mail_template_webhook')
        for about in ('paused', 'given_up'):
            self._assert_mail(template.with_context(about=about), hook)

    def test_mails(self):
        self.domain.write({'unpublish_at': fields.Datetime.now(), 'contest_ends_at': fields.Datetime.now()})
        for about in MAILS:
            self._assert_mail(self.env.ref(f'saas_domains.mail_template_domain_{about}'), self.domain)

    def _assert_mail(self, template, record):
        template = template.with_context(mail_name='Ada', mail_lang=LANG, portal_link='https://portal.test')
        for field in ('subject', 'body_html'):
            self._assert_spanish(template._render_field(field, record.ids, compute_lang=True)[record.id])


@tagged('post_install', '-at_install')
class TestSpanishAnswers(Spanish, DomainApiCase):
    """Sentences that customers' programs have had in Spanish from the beginning stand in the answers as they were."""

    spanish_addons = ('saas_master', 'saas_domains')

    def test_the_documented_sentences(self):
        self._as(self.actor)
        made = self._post('/api/domains', {'external_domain': WWW}, headers=IN_SPANISH).json()
        self.assertIn('Configure este CNAME en su proveedor DNS', made['verification_instructions']['note'])
        answer = self._not_yet(f'{PATH}/verify', IN_SPANISH)
        self.assertIn('CNAME no detectado', answer['message'])
        self.assertIn(f'Configure el CNAME {WWW} → {OURS}', answer['instructions'])
        self._points_to(OURS)
        answer = self._post(f'{PATH}/verify', headers=IN_SPANISH).json()
        self.assertIn('Dominio verificado correctamente', answer['message'])
        self.Domain.search([('external_domain', '=', WWW)]).write({
            'to_publish': True, 'is_active': True, 'is_routed': True, 'is_route_live': True, 'ssl_status': 'active'})
        answer = self._post(f'{PATH}/verify', headers=IN_SPANISH).json()
        self.assertIn('El dominio está activo y funcionando', answer['next_step'])
