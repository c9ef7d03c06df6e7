import functools
import hashlib
import secrets
from datetime import timedelta

from psycopg2.errors import SerializationFailure

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.base.models.res_users import INDEX_SIZE, KEY_CRYPT_CONTEXT

from ..series import Constraint, generate_api_key

SUPPORT, MANAGER = 'saas_master.group_saas_support', 'saas_master.group_saas_manager'
SCOPES = {'saas.api': SUPPORT, 'saas.provisioning': MANAGER}        # scope -> the group its owner must be in
MOST_DAYS = 365
LONGEST = 128               # characters of what is looked at as a key
USED_SECONDS = 900          # "last used" is this coarse, so that using a key costs no write
REMEMBERED = 1024

FIND = """
    SELECT api.id, api.user_id, api.scope, odoo.key
      FROM saas_api_key api
      JOIN res_users_apikeys odoo ON odoo.id = api.key_id AND odoo.user_id = api.user_id AND odoo.scope = api.scope
      JOIN res_users owner ON owner.id = api.user_id AND owner.active
     WHERE api.prefix = %s AND api.scope IN %s AND api.expires_at > clock_timestamp() AT TIME ZONE 'UTC'"""
USED = """
    UPDATE saas_api_key SET last_used_at = clock_timestamp() AT TIME ZONE 'UTC' WHERE id = (
        SELECT id FROM saas_api_key
         WHERE id = %s AND coalesce(last_used_at, '-infinity') < clock_timestamp() AT TIME ZONE 'UTC' - %s * interval '1 second'
           FOR UPDATE SKIP LOCKED)"""
FOREIGN_KEY = """
    ALTER TABLE saas_api_key ADD CONSTRAINT saas_api_key_key_id_fkey
    FOREIGN KEY (key_id) REFERENCES res_users_apikeys (id) ON DELETE CASCADE"""


class SaasApiKey(models.Model):
    """An Odoo API key for programs that speak our REST interface. It always expires.

    Odoo takes keys without a scope for any scope, and those of 17.0 never expire: so nothing counts as a key of ours
    that has no row here. The row goes with the Odoo key, whoever removes that (foreign key), and takes it along.
    """

    _name = 'saas.api.key'
    _description = 'API Key'
    _order = 'id desc'

    name = fields.Char(required=True, readonly=True)
    user_id = fields.Many2one('res.users', 'Owner', required=True, readonly=True, index=True, ondelete='cascade')
    scope = fields.Selection([('saas.api', 'REST'), ('saas.provisioning', 'Provisioning only')], required=True, readonly=True)
    prefix = fields.Char('Begins with', required=True, readonly=True, index=True)
    key_id = fields.Many2one('res.users.apikeys', 'Odoo Key', required=True, readonly=True, ondelete='cascade')
    expires_at = fields.Datetime('Expires on', required=True, readonly=True)
    last_used_at = fields.Datetime('Last used', readonly=True, help='To a quarter of an hour.')

    _key_uniq = Constraint('UNIQUE (key_id)', 'This Odoo key belongs to another API key already.')

    def init(self):
        """Odoo makes no foreign key to a table it did not create itself."""
        self.env.cr.execute("SELECT 1 FROM pg_constraint WHERE conname = 'saas_api_key_key_id_fkey'")
        if not self.env.cr.fetchone():
            self.env.cr.execute(FOREIGN_KEY)

    def unlink(self):
        self.check_access('unlink')
        self.sudo().key_id.unlink()
        self.invalidate_model()
        return super(SaasApiKey, self.exists()).unlink()

    def action_revoke(self):
        """At once: the owner his own, a manager everybody's. Asks for no proof, for it only takes away."""
        self.check_access('read')
        if any(key.user_id != self.env.user for key in self) and not self.env.user.has_group(MANAGER):
            raise AccessError(_('You may revoke your own API keys only.'))
        self.sudo().unlink()
        return {'type': 'ir.actions.client', 'tag': 'soft_reload'}

    # -- making one -----------------------------------------------------------------------------

    @api.model
    def _make(self, name, scope, days):
        """Return (record, key) for the present person; the key itself is kept nowhere."""
        self.env['saas.step.up']._require('api_key')
        user = self.env.user
        if scope not in SCOPES or not user.has_group(SCOPES[scope]):
            raise AccessError(_('You may not make an API key for this purpose.'))
        if not 1 <= days <= MOST_DAYS:
            raise UserError(_('An API key is valid for 1 to %(most)s days, not %(days)s.', most=MOST_DAYS, days=days))
        if not (name or '').strip():
            raise UserError(_('Name the program that will use the key.'))
        expires_at = fields.Datetime.now() + timedelta(days=days)
        key = generate_api_key(user, scope, name.strip(), expires_at)
        self.env.cr.execute('SELECT max(id) FROM res_users_apikeys WHERE user_id = %s AND index = %s',
                            [user.id, key[:INDEX_SIZE]])
        record = self.sudo().create({
            'name': name.strip(), 'user_id': user.id, 'scope': scope, 'prefix': key[:INDEX_SIZE],
            'key_id': self.env.cr.fetchone()[0], 'expires_at': expires_at})
        self.env['saas.audit']._note('make_api_key', record, f'{scope}, {expires_at:%Y-%m-%d}')
        return record.with_env(self.env), key

    # -- using one ------------------------------------------------------------------------------

    @api.model
    def _check(self, key, scopes):
        """Whose ``key`` this is, and what for: (user, scope), or (no user, None) when it is none of ``scopes``.

        It must be alive, and its owner active and still allowed to have one. A text that is no key costs what one does.
        """
        nobody = self.env['res.users'], None
        wanted = tuple(scope for scope in scopes if scope in SCOPES)
        if not (isinstance(key, str) and key.isascii() and key.isalnum() and INDEX_SIZE < len(key) <= LONGEST and wanted):
            return nobody
        self.env.cr.execute(FIND, [key[:INDEX_SIZE], wanted])
        rows = self.env.cr.fetchall() or [(None, None, None, _no_hash())]
        number, user_id, scope = next((row[:3] for row in rows if _matches(key, row[3])), (None, None, None))
        user = self.env['res.users'].browse(user_id or ())
        if not number or not user.sudo().has_group(SCOPES[scope]):
            return nobody
        self._note_use(number)
        return user, scope

    @api.model
    def _note_use(self, number):
        """In a transaction of its own: the request may be read-only, or fail; two at once need only one note."""
        key = self.sudo().browse(number)
        if key.last_used_at and (fields.Datetime.now() - key.last_used_at).total_seconds() < USED_SECONDS:
            return
        try:
            with self.env.registry.cursor() as cr:
                cr.execute(USED, [number, USED_SECONDS], log_exceptions=False)
        except SerializationFailure:
            return
        key.invalidate_recordset(['last_used_at'], flush=False)

    @api.autovacuum
    def _remove_expired(self):
        self.sudo().search([('expires_at', '<=', fields.Datetime.now())]).unlink()


class ResUsersApikeys(models.Model):
    _inherit = 'res.users.apikeys'

    def unlink(self):
        """By whatever screen: the removal of a key of ours leaves its audit line."""
        ours = self.env['saas.api.key'].sudo().search([('key_id', 'in', self.ids)])
        if ours:
            self.env['saas.audit']._note('revoke_api_key', ours)
        result = super().unlink()
        ours.invalidate_recordset(flush=False)
        return result


# -- comparing ---------------------------------------------------------------------------------

@functools.cache
def _no_hash():
    """The hash of a key that nobody has."""
    return KEY_CRYPT_CONTEXT.hash(secrets.token_hex())


_seen = {}      # digest of a key and its hash -> True: comparing takes milliseconds, and programs come back


def _matches(key, hashed):
    """Whether ``hashed`` is of ``key``. Right ones are remembered by a digest; that they still count is asked each time."""
    digest = hashlib.sha256(f'{hashed}\n{key}'.encode()).digest()
    if digest in _seen:
        return True
    if not KEY_CRYPT_CONTEXT.verify(key, hashed):
        return False
    if len(_seen) >= REMEMBERED:
        _seen.clear()
    _seen[digest] = True
    return True
