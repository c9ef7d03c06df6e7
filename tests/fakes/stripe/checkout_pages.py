"""The page of a checkout session: pay, be refused and try again, confirm with the bank, leave, come too late."""
from html import escape
from urllib.parse import quote

from . import cards, checkout, discounts, pages, payments, words
from .answers import Html, Redirect
from .customers import EMAIL
from .lines import amount_of, name_of
from .objects import save
from .pages import button, field, form, link
from .routes import hosted
from .words import say

PATH = '/c/pay/{key}'
EVERY = {'month': 'per month', 'year': 'per year', 'day': 'per day', 'week': 'per week'}


@hosted('GET', PATH)
def show(visit, key):
    return _page(visit, visit.world.need('checkout_sessions', key))


@hosted('POST', PATH)
def send(visit, key):
    """The promotion code, or the payment."""
    session = visit.world.need('checkout_sessions', key)
    if not _is_open(visit.world, session):
        return _page(visit, session)
    if 'apply' in visit.form:
        return _apply(visit, session)
    problem = _problem(visit, session)
    if problem:
        return _page(visit, session, say(_language(visit, session), problem), visit.form)
    method = None
    if checkout.needs_card(session):
        month, year = pages.expiry_of(visit.form)
        method = payments.new_card(visit.world, cards.digits_of(visit.form['cardNumber']), month, year,
                                   name=visit.form.get('billingName') or None, email=_email(visit, session))
    return _attempt(visit, session, method)


@hosted('GET', PATH + '/3ds')
def ask_bank(visit, key):
    session = visit.world.need('checkout_sessions', key)
    if not _is_open(visit.world, session) or not session.get('_waiting'):
        return _page(visit, session)
    language = _language(visit, session)
    total = words.amount(session['amount_total'], session['currency'], language)
    return pages.secure_step(language, pages.rows((say(language, 'Amount'), total)))


@hosted('POST', PATH + '/3ds')
def bank_said(visit, key):
    session = visit.world.need('checkout_sessions', key)
    if not _is_open(visit.world, session) or not session.get('_waiting'):
        return _page(visit, session)
    waiting = session.pop('_waiting')
    save(visit.world, 'checkout_sessions', session)
    if visit.form.get('answer') != 'complete':
        return _refused(visit, session, 'authentication_required', waiting)
    method = visit.world.get('payment_methods', waiting['method'])
    return _attempt(visit, session, method, waiting, authenticated=True)


# -- the work ---------------------------------------------------------------------------------------------------------
def _attempt(visit, session, method, given=None, authenticated=False):
    """One attempt; refused, nothing of it stays but the word of the bank."""
    world, given = visit.world, given or visit.form
    try:
        with world.transaction():
            kind = world.get('cards', method['id'])['kind'] if method else cards.OK
            said = cards.setup_outcome(kind, authenticated)
            if said and (not session['amount_total'] or world.setting('debit_seconds')):
                raise checkout.Undone(said)
            session = checkout.complete(world, session, method, given.get('email'), authenticated)
    except checkout.Undone as why:
        said = str(why)
    else:
        return Redirect(_filled(session['success_url'], session))
    if said == 'authenticate':
        kept = {name: given.get(name, '') for name in ('email', 'billingName', 'cardExpiry')}
        save(world, 'checkout_sessions', {**session, '_waiting': {**kept, 'method': method['id']}})
        return Redirect(world.url(f'/c/pay/{session["id"]}/3ds'))
    if session['amount_total']:
        payments.note_refusal(world, session['customer'], session['amount_total'], session['currency'], method['id'], said)
    return _refused(visit, session, said, given)


def _refused(visit, session, code, given):
    return _page(visit, session, pages.refusal(_language(visit, session), code), given)


def _apply(visit, session):
    world, language = visit.world, _language(visit, session)
    code = discounts.code_of(world, visit.form.get('promotionCode', ''))
    if not session['allow_promotion_codes'] or not code:
        return _page(visit, session, say(language, 'This code is invalid.'), visit.form)
    coupon = world.get('coupons', code['promotion']['coupon'])
    session = save(world, 'checkout_sessions', checkout.with_discount(world, session, coupon, code['id']))
    return Redirect(world.url(f'/c/pay/{session["id"]}'))


def _problem(visit, session):
    if not session['customer'] and not EMAIL.fullmatch(_email(visit, session) or ''):
        return 'Enter an email address.'
    return pages.card_problem(visit.form, visit.world.now()) if checkout.needs_card(session) else ''


def _email(visit, session):
    return visit.form.get('email') or session['customer_email']


def _is_open(world, session):
    return session['status'] == 'open' and session['expires_at'] > world.now()


def _language(visit, session):
    return words.language_of(session['locale'], visit)


def _filled(url, session):
    return url.replace('{CHECKOUT_SESSION_ID}', quote(session['id']))


# -- the page ---------------------------------------------------------------------------------------------------------
def _page(visit, session, problem='', given=None):
    language, world = _language(visit, session), visit.world
    if session['status'] == 'complete':
        return _ended(language, session, 'You are all done here', 'This payment has been completed.',
                      _filled(session['success_url'], session), 'Continue')
    if not _is_open(world, session):
        page = _ended(language, session, 'This page has expired', 'The session has timed out. Go back and start again.',
                      session['cancel_url'], 'Back')
        return Html(page, 410)
    title = _title(world, session, language)
    page = pages.page(language, title, _summary(visit, session, title), _form(visit, session, problem, given or {}),
                      kind='wide')
    return Html(page, 402 if problem else 200)


def _ended(language, session, title, text, url, label):
    to = link(url, say(language, label), 'button') if url else ''
    return pages.page(language, say(language, title), pages.card(
        f'<h1>{say(language, title)}</h1><p>{say(language, text)}</p>', to))


def _title(world, session, language):
    name = name_of(world, session['_rows'][0]['price'])
    return say(language, 'Try %s' if checkout.is_trial(session) else 'Subscribe to %s', name)


def _summary(visit, session, title):
    language, world, currency = _language(visit, session), visit.world, session['currency']
    business = world.setting('business_name')
    rows = [(_item(world, row, language), words.amount(amount_of(row['price'], row['quantity']), currency, language))
            for row in session['_rows']]
    off = session['total_details']['amount_discount']
    if off:
        rows.append((say(language, 'Discount'), words.amount(-off, currency, language)))
    back = link(session['cancel_url'], '← ' + say(language, 'Back to %s', business)) if session['cancel_url'] else ''
    total = words.amount(session['amount_total'], currency, language)
    return (f'<section><p id="back">{back}</p><h1>{escape(title)}</h1>{_head(session, language)}{pages.rows(*rows)}'
            f'{_promotion(world, session, language)}<div class="row total"><span>{say(language, "Total due today")}</span>'
            f'<span id="total">{total}</span></div></section>')


def _head(session, language):
    data, each = session['_data'], session['_rows'][0]['price']['recurring']
    sum_of = sum(amount_of(row['price'], row['quantity']) for row in session['_rows'])
    price, every = words.amount(sum_of, session['currency'], language), say(language, EVERY[each['interval']])
    if not checkout.is_trial(session):
        return f'<p class="price">{price} <span class="muted">{every}</span></p>'
    days = data['trial_days'] or -(-(data['trial_end'] - session['created']) // checkout.DAY)
    start = words.date(session['created'] + days * checkout.DAY, language)
    return (f'<p class="price">{say(language, "%s days free", days)}</p><p class="muted">'
            f'{say(language, "Then %s %s from %s", price, every, start)}</p>')


def _item(world, row, language):
    more = f'<br><span class="muted">{say(language, "Quantity: %s", row["quantity"])}</span>' if row['quantity'] > 1 else ''
    return escape(name_of(world, row['price'])) + more


def _own_url(world, session):
    """Also where the bank's answer is shown on it."""
    return world.url(f'/c/pay/{session["id"]}')


def _promotion(world, session, language):
    if not session['allow_promotion_codes']:
        return ''
    label = say(language, 'Promotion code')
    return form(f'<div class="row inline"><input name="promotionCode" id="promotionCode" aria-label="{label}" placeholder='
                f'"{label}">{button(say(language, "Apply"), "light small", "apply", "1")}</div>', action=_own_url(world, session))


def _form(visit, session, problem, given):
    language, world = _language(visit, session), visit.world
    parts = [pages.alert(problem)]
    customer = world.get('customers', session['customer']) if session['customer'] else None
    parts.append(f'<h2>{say(language, "Contact information")}</h2>')
    if customer:
        parts.append(f'<p>{escape(customer["email"] or customer["name"] or customer["id"])}</p>')
    else:
        parts.append(field('email', say(language, 'Email'), given.get('email') or session['customer_email'] or '',
                           type='email', autocomplete='email'))
    if checkout.needs_card(session):
        parts += [f'<h2>{say(language, "Payment method")}</h2>', pages.card_fields(language, given)]
    else:
        parts.append(f'<p>{say(language, "Nothing is charged today and no card is needed.")}</p>')
    label = ('Start trial' if checkout.is_trial(session) else 'Pay and subscribe' if session['amount_total'] else 'Subscribe')
    parts.append(button(say(language, label), name='pay', value='1'))
    terms = say(language, 'By confirming, you allow %s to charge you for future payments in accordance with its terms.',
                world.setting('business_name'))
    return pages.card(form(*parts, action=_own_url(world, session)), f'<p class="muted">{escape(terms)}</p>')
