"""The hosted page of an invoice, where it can be paid, and its PDF."""
from html import escape

from . import cards, customers, invoices, pages, payments, pdf, subscriptions, words
from .answers import File, Html, Redirect
from .objects import copy_of
from .pages import button, form, link
from .routes import hosted
from .words import say

PATH = '/i/{key}'
STATUS = {'paid': 'Paid', 'open': 'Open', 'void': 'Void', 'uncollectible': 'Uncollectible', 'draft': 'Draft'}
TAGS = {'paid': 'ok', 'open': 'bad', 'uncollectible': 'bad'}


@hosted('GET', PATH)
def show(visit, key):
    return _page(visit, _found(visit, key))


@hosted('POST', PATH)
def pay(visit, key):
    """With the card on file, or with one that is typed in."""
    world, invoice, language = visit.world, _found(visit, key), visit.language
    if invoice['status'] != 'open':
        return _page(visit, invoice)
    method = None
    if 'saved' not in visit.form:
        problem = pages.card_problem(visit.form, world.now())
        if problem:
            return _page(visit, invoice, say(language, problem))
        month, year = pages.expiry_of(visit.form)
        method = payments.new_card(world, cards.digits_of(visit.form['cardNumber']), month, year,
                                   name=visit.form.get('billingName') or None)
    return outcome(visit, attempt(world, invoice, method))


def attempt(world, invoice, method=None):
    """The code of what the bank said: '', ``authenticate``, a decline code; and the invoice."""
    if method:
        kind = world.get('cards', method['id'])['kind']
        if kind in cards.DECLINES:
            payments.note_refusal(world, invoice['customer'], invoice['amount_due'], invoice['currency'], method['id'], kind)
            return kind, invoice
        payments.attach(world, method, invoice['customer'])
    subscriptions.pay(world, invoice, method and method['id'], on_session=True)
    return said_by_bank(world, invoice)


def said_by_bank(world, invoice):
    invoice = copy_of(world, 'invoices', invoice['id'])
    if invoice['status'] == 'paid':
        return '', invoice
    intent = invoices.intent_of(world, invoice)
    if intent['status'] == 'requires_action':
        return 'authenticate', invoice
    return subscriptions.declined(world, invoice).code, invoice


def outcome(visit, said):
    code, invoice = said
    if code == 'authenticate':
        return Redirect(visit.world.url(f'/i/{invoice["id"]}/3ds{_query(visit)}'))
    if not code:
        return Redirect(visit.world.url(f'/i/{invoice["id"]}{_query(visit)}'))
    return _page(visit, invoice, pages.refusal(visit.language, code))


def _query(visit):
    """The portal session one came from: the way back."""
    session = visit.query.get('session', '')
    return f'?session={session}' if session.replace('_', '').isalnum() else ''


@hosted('GET', PATH + '/3ds')
def ask_bank(visit, key):
    invoice, language = _found(visit, key), visit.language
    if said_by_bank(visit.world, invoice)[0] != 'authenticate':
        return Redirect(visit.world.url(f'/i/{key}{_query(visit)}'))
    total = words.amount(invoice['amount_due'], invoice['currency'], language)
    return pages.secure_step(language, pages.rows((say(language, 'Amount'), total)))


@hosted('POST', PATH + '/3ds')
def bank_said(visit, key):
    world, invoice = visit.world, _found(visit, key)
    intent = invoices.intent_of(world, invoice)
    if invoice['status'] != 'open' or not intent or intent['status'] != 'requires_action':
        return _page(visit, invoice)
    if visit.form.get('answer') != 'complete':
        subscriptions.follow(world, invoices.authentication_failed(world, invoice))
        return _page(visit, copy_of(world, 'invoices', key), pages.refusal(visit.language, 'authentication_required'))
    subscriptions.pay(world, invoice, intent['payment_method'], on_session=True, authenticated=True)
    return outcome(visit, said_by_bank(world, invoice))


@hosted('GET', PATH + '/pdf')
def print_out(visit, key):
    invoice = _found(visit, key)
    return File(_pdf(visit.world, invoice, visit.language), 'application/pdf', f'Invoice-{invoice["number"]}.pdf')


def _found(visit, key):
    """A draft has no page."""
    invoice = visit.world.need('invoices', key)
    if invoice['status'] == 'draft':
        raise customers.errors.no_such('invoice', key)
    return invoice


# -- the page ---------------------------------------------------------------------------------------------------------
def tag(invoice, language):
    css = TAGS.get(invoice['status'], '')
    return f'<span class="tag {css}">{say(language, STATUS[invoice["status"]])}</span>'


def _page(visit, invoice, problem=''):
    language, world, currency = visit.language, visit.world, invoice['currency']
    title, session = say(language, 'Invoice %s', invoice['number']), _query(visit).partition('=')[2]
    back = f'<p>{link(world.url("/p/session/" + session), "← " + say(language, "Back"))}</p>' if session else ''
    body = pages.card(
        f'<p class="muted">{escape(say(language, "Invoice from %s", world.setting("business_name")))}</p><h1>{escape(title)} '
        f'{tag(invoice, language)}</h1><p class="price">{words.amount(invoice["amount_due"], currency, language)}</p>',
        pages.rows(*((escape(name), text) for name, text in _lines(invoice, language))),
        pages.rows(*_totals(invoice, language), css='total'),
        link(invoice['invoice_pdf'], say(language, 'Download PDF'), 'button light'))
    page = pages.page(language, title, back, pages.alert(problem), body, _pay_form(visit, invoice) if
                      invoice['status'] == 'open' and invoice['amount_due'] else '')
    return Html(page, 402 if problem else 200)


def _lines(invoice, language):
    return [(row['description'], words.amount(row['amount'], row['currency'], language)) for row in invoice['lines']['data']]


def _totals(invoice, language):
    rows, currency = [], invoice['currency']
    off = sum(row['amount'] for row in invoice['total_discount_amounts'])
    tax = sum(row['amount'] for row in invoice['total_taxes'])
    balance = invoice['amount_due'] - invoice['total']
    rows += [('Discount', -off)] * bool(off) + [('Tax', tax)] * bool(tax) + [('Total', invoice['total'])]
    rows += [('Applied balance', balance)] * bool(balance) + [('Amount due', invoice['amount_due'])]
    rows += [('Amount paid', invoice['amount_paid'])] * (invoice['status'] == 'paid')
    return [(say(language, name), words.amount(amount, currency, language)) for name, amount in rows]


def _pay_form(visit, invoice):
    language, world = visit.language, visit.world
    total = words.amount(invoice['amount_due'], invoice['currency'], language)
    method = copy_of(world, 'payment_methods', payments.method_for(world, invoice, invoices.subscription_of(world, invoice)))
    saved = form(button(say(language, 'Pay with the card ending in %s', method['card']['last4']), name='saved', value='1')) \
        if method else ''
    other = form(pages.card_fields(language, visit.form), button(say(language, 'Pay %s', total), name='pay', value='1'))
    if not method:
        return pages.card(other)
    is_open = ' open' if visit.form and 'saved' not in visit.form else ''
    return pages.card(saved, f'<details{is_open}><summary>{say(language, "Pay with another card")}</summary>{other}</details>')


# -- on paper ---------------------------------------------------------------------------------------------------------
def _pdf(world, invoice, language):
    issued = words.date(invoice['status_transitions']['finalized_at'], language)
    texts = [(50, 70, 20, True, say(language, 'Invoice %s', invoice['number'])),
             (50, 95, 10, False, say(language, 'This is a sandbox: nobody is charged.')),
             (50, 125, 11, True, world.setting('business_name')), (50, 142, 10, False, say(language, 'Issued %s', issued)),
             (330, 125, 11, True, say(language, 'Billed to')), (330, 142, 10, False, invoice['customer_name'] or ''),
             (330, 156, 10, False, invoice['customer_email'] or ''),
             (330, 70, 12, True, say(language, STATUS[invoice['status']]))]
    y = 205
    for name, amount in _lines(invoice, language):
        texts += [(50, y, 10, False, name[:85]), (470, y, 10, False, amount)]
        y += 18
    middle = y - 4
    y += 14
    for name, amount in _totals(invoice, language):
        texts += [(330, y, 10, True, name), (470, y, 10, True, amount)]
        y += 18
    return pdf.document(texts, (185, middle))
