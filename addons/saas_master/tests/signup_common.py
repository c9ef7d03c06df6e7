import re

from .common import SaasCase

GOOD = {
    'company_name': 'Ñandú & Söhne GmbH', 'contact_name': "Zoë O'Neil", 'email': 'Zoe@Nandu.example',
    'name': 'nandu', 'lang': 'en_US', 'plan': 'test-plan',
}
TOKEN = re.compile(r'/saas/confirm/([\w-]+)')


class SignupCase(SaasCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.is_published = True
        cls.env['res.lang']._activate_lang('es_ES')
        cls.Signup = cls.env['saas.signup']
        cls.env.company.email = 'sales@provider.example'
        cls.env['saas.rate'].search([]).unlink()

    def _mails(self, email='zoe@nandu.example'):
        return self.env['mail.mail'].search([('email_to', '=', email)], order='id')

    def _token(self, email='zoe@nandu.example'):
        """From the newest mail, as the visitor has it; it is stored nowhere else."""
        return TOKEN.search(self._mails(email)[-1].body_html)[1]

    def _signup(self, **form):
        values, errors = self.Signup._check_form({**GOOD, **form})
        self.assertFalse(errors)
        return self.Signup.create({**values, 'ip': '192.0.2.1'})

    def _ordered(self, **form):
        signup = self._signup(**form)
        signup._send_link()
        return signup
