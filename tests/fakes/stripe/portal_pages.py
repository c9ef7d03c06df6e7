"""The pages of the customer portal: subscriptions, the card, invoices, and the way out."""
from html import escape

from . import cards, invoice_pages, lines, pages, payments, words
from .answers import Redirect
from .checkout_pages import EVERY
from .life import period_end
from .objects import copy_of, save
from .pages import button, form, link
from .portal_visit import guarded
from .routes import hosted
from .subscription_routes import cancel_by_customer, keep_by_customer
from .subscriptions import OVER

HOME = '/p/session/{key}'
STATUS = {'active': ('Active', 'ok'), 'trialing': ('Trial', 'ok'), 'past_due': ('Past due', 'bad'), 'unpaid': ('Unpaid', 'bad'),
          'paused': ('Paused', ''), 'incomplete': ('Incomplete', 'bad')}
DONE = {'card': 'Your payment method was changed.', 'paid': 'The invoice is paid.',
        'ending': 'Your subscription is canceled and stays open until its period ends.',
        'kept': 'Your subscription is not canceled any more.', 'canceled': 'Your subscription has ended.'}
MOST_INVOICES = 24


# -- home -------------------------------------------------------------------------------------------------------------
@hosted('GET', HOME)
@guarded
def enter(here):
    flow = here.session['flow']
    if flow and flow['type'] == 'payment_method_update':
        return Redirect(here.url('/card'))
    if flow and flow['type'] == 'subscription_cancel':
        return Redirect(here.url(f'/cancel/{flow["subscription_cancel"]["subscription"]}'))
    return _home(here)


@hosted('GET', HOME + '/home')
@guarded
def home(here):
    return _home(here)


def _home(here, problem=''):
    done = DONE.get(here.visit.query.get('done', ''), '')
    parts = [f'<h1>{escape(here.configuration["business_profile"]["headline"] or here.say("Billing"))}</h1>',
             pages.alert(problem), pages.alert(here.say(done), 'good') if done else '']
    for subscription in here.subscriptions():
        parts.append(_subscription_card(here, subscription))
    parts.append(_card_card(here))
    if here.has('invoice_history'):
        parts.append(_invoices_card(here))
    return here.page(here.say('Billing'), *parts, status=402 if problem else 200)


def _subscription_card(here, subscription):
    currency, items = subscription['currency'], subscription['items']['data']
    label, css = STATUS[subscription['status']]
    names = ' + '.join(f'{lines.name_of(here.world, item["price"])}' + (f' × {item["quantity"]}' if item['quantity'] > 1 else '')
                       for item in items)
    amount = words.amount(sum(lines.amount_of(item['price'], item['quantity']) for item in items), currency, here.language)
    every = here.say(EVERY[items[0]['price']['recurring']['interval']])
    return pages.card(
        f'<p class="muted">{here.say("Current subscription")}</p><h2>{escape(names)} <span class="tag {css}">{here.say(label)}'
        f'</span></h2><p class="price">{amount} <span class="muted">{every}</span></p><p class="muted">'
        f'{here.say(*_next(subscription, here))}</p>', _way_out(here, subscription))


def _next(subscription, here):
    if subscription['cancel_at']:
        return 'Ends on %s', words.date(subscription['cancel_at'], here.language)
    date = words.date(period_end(subscription), here.language)
    return ('Trial ends on %s' if subscription['status'] == 'trialing' else 'Renews on %s'), date


def _way_out(here, subscription):
    if not here.has('subscription_cancel'):
        return ''
    if subscription['cancel_at']:
        return form(button(here.say("Don't cancel subscription"), 'light'), action=here.url(f'/keep/{subscription["id"]}'))
    return link(here.url(f'/cancel/{subscription["id"]}'), here.say('Cancel subscription'), 'button light')


def _card_card(here):
    method = here.card()
    text = f'<p>{_card_text(here, method)}</p>' if method else \
        f'<p class="muted">{here.say("There is no payment method yet.")}</p>'
    change = link(here.url('/card'), here.say('Change payment method' if method else 'Add payment method'), 'button light') \
        if here.has('payment_method_update') else ''
    return pages.card(f'<h2>{here.say("Payment method")}</h2>{text}', change)


def _card_text(here, method):
    card = method['card']
    until = here.say('expires %s', f'{card["exp_month"]:02}/{card["exp_year"]}')
    return f'{card["brand"].capitalize()} •••• {card["last4"]} <span class="muted">{until}</span>'


def _invoices_card(here):
    rows = [(_invoice_text(here, row), _invoice_acts(here, row)) for row in here.invoices()[:MOST_INVOICES]]
    return pages.card(f'<h2>{here.say("Invoice history")}</h2>', pages.rows(*rows) or
                      f'<p class="muted">{here.say("Nothing yet")}</p>')


def _invoice_text(here, invoice):
    amount = words.amount(invoice['total'], invoice['currency'], here.language)
    return f'{words.date(invoice["created"], here.language)} · {amount}<br>{invoice_pages.tag(invoice, here.language)}'


def _invoice_acts(here, invoice):
    view = link(f'{invoice["hosted_invoice_url"]}?session={here.session["id"]}', here.say('View'))
    if invoice['status'] != 'open':
        return view
    return f'{view} ' + form(button(here.say('Pay'), 'small'), action=here.url(f'/pay/{invoice["id"]}'))


# -- the card ---------------------------------------------------------------------------------------------------------
@hosted('GET', HOME + '/card')
@guarded
def card_page(here):
    return _card_page(here)


def _card_page(here, problem=''):
    if not here.has('payment_method_update'):
        return _home(here)
    method = here.card()
    now = f'<p>{_card_text(here, method)}</p>' if method else ''
    owed = here.invoices('open')
    total = words.amount(sum(row['amount_due'] for row in owed), owed[0]['currency'], here.language) if owed else ''
    pay = button(f'{here.say("Save")} · {here.say("Pay %s", total)}', name='pay', value='1') if owed else ''
    title = here.say('Change payment method' if method else 'Add payment method')
    return here.page(title, pages.card(
        f'<h1>{title}</h1>{now}', pages.alert(problem), form(
            pages.card_fields(here.language, here.visit.form), pay,
            button(here.say('Save'), 'light' if owed else '', name='save', value='1'), action=here.url('/card')),
        link(here.url('/home'), here.say('Go back'), 'button light')), status=402 if problem else 200)


@hosted('POST', HOME + '/card')
@guarded
def change_card(here):
    given, world = here.visit.form, here.world
    problem = pages.card_problem(given, world.now())
    if problem or not here.has('payment_method_update'):
        return _card_page(here, here.say(problem))
    month, year = pages.expiry_of(given)
    method = payments.new_card(world, cards.digits_of(given['cardNumber']), month, year, name=given.get('billingName') or None)
    said = cards.setup_outcome(world.get('cards', method['id'])['kind'])
    if said == 'authenticate':
        save(world, 'portal_sessions', {**here.session, '_waiting': {'method': method['id'], 'pay': given.get('pay', '')}})
        return Redirect(here.url('/3ds'))
    if said:
        return _card_page(here, pages.refusal(here.language, said))
    return _use_card(here, method['id'], given.get('pay'))


def _use_card(here, method, is_to_pay):
    payments.use_card(here.world, here.customer['id'], method)
    if is_to_pay:
        for invoice in here.invoices('open'):
            said, _invoice = invoice_pages.attempt(here.world, copy_of(here.world, 'invoices', invoice['id']))
            if said == 'authenticate':
                return Redirect(here.world.url(f'/i/{invoice["id"]}/3ds?session={here.session["id"]}'))
            if said:
                return _card_page(here, pages.refusal(here.language, said))
        return here.done('paid', 'payment_method_update')
    return here.done('card', 'payment_method_update')


@hosted('GET', HOME + '/3ds')
@guarded
def ask_bank(here):
    return pages.secure_step(here.language, '') if here.session.get('_waiting') else _home(here)


@hosted('POST', HOME + '/3ds')
@guarded
def bank_said(here):
    waiting = here.session.pop('_waiting', None)
    if not waiting:
        return _home(here)
    save(here.world, 'portal_sessions', here.session)
    if here.visit.form.get('answer') != 'complete':
        return _card_page(here, pages.refusal(here.language, 'authentication_required'))
    return _use_card(here, waiting['method'], waiting['pay'])


# -- invoices ---------------------------------------------------------------------------------------------------------
@hosted('POST', HOME + '/pay/{invoice}')
@guarded
def pay(here, invoice):
    row = here.world.need('invoices', invoice)
    if row['customer'] != here.customer['id'] or row['status'] != 'open':
        return _home(here)
    if not here.card():
        return Redirect(here.url('/card'))
    said, _invoice = invoice_pages.attempt(here.world, row)
    if said == 'authenticate':
        return Redirect(here.world.url(f'/i/{invoice}/3ds?session={here.session["id"]}'))
    return _home(here, pages.refusal(here.language, said)) if said else Redirect(here.url('/home?done=paid'))


# -- the way out ------------------------------------------------------------------------------------------------------
@hosted('GET', HOME + '/cancel/{subscription}')
@guarded
def cancel_page(here, subscription):
    row = here.subscription(subscription)
    feature = here.configuration['features']['subscription_cancel']
    if row['status'] in OVER or row['cancel_at'] or not feature['enabled']:
        return _home(here)
    end = words.date(period_end(row), here.language)
    text = here.say('Your subscription ends at once.') if feature['mode'] == 'immediately' else \
        here.say('Your subscription stays open until %s.', end)
    title = here.say('Cancel subscription')
    return here.page(title, pages.card(
        f'<h1>{title}</h1><h2>{escape(lines.name_of(here.world, row["items"]["data"][0]["price"]))}</h2><p>{text}</p>',
        form(_reasons(here, feature['cancellation_reason']), button(title, 'red'), action=here.url(f'/cancel/{subscription}')),
        link(here.url('/home'), here.say('Go back'), 'button light')))


def _reasons(here, reason):
    if not reason['enabled']:
        return ''
    options = ''.join(f'<label class="radio"><input type="radio" name="feedback" value="{word}">{here.say(word)}</label>'
                      for word in reason['options'])
    return (f'<h2>{here.say("Why are you leaving? (optional)")}</h2>{options}<label for="comment">'
            f'{here.say("Anything you want to add (optional)")}</label><textarea id="comment" name="comment" rows="3">'
            '</textarea>')


@hosted('POST', HOME + '/cancel/{subscription}')
@guarded
def cancel(here, subscription):
    row, feature = here.subscription(subscription), here.configuration['features']['subscription_cancel']
    if row['status'] in OVER or row['cancel_at'] or not feature['enabled']:
        return _home(here)
    given = here.visit.form
    feedback = given.get('feedback') if given.get('feedback') in feature['cancellation_reason']['options'] else None
    cancel_by_customer(here.world, row, feature['mode'] == 'immediately', feedback=feedback,
                       comment=(given.get('comment') or '')[:1000] or None)
    return here.done('canceled' if feature['mode'] == 'immediately' else 'ending', 'subscription_cancel')


@hosted('POST', HOME + '/keep/{subscription}')
@guarded
def keep(here, subscription):
    row = here.subscription(subscription)
    if row['cancel_at'] and row['status'] not in OVER:
        keep_by_customer(here.world, row)
    return Redirect(here.url('/home?done=kept'))


@hosted('GET', HOME + '/done')
@guarded
def confirmation(here):
    message = (here.session['flow'] or {}).get('after_completion', {}).get('hosted_confirmation') or {}
    done = DONE.get(here.visit.query.get('done', ''), '')
    return here.page(here.say('Done'), pages.card(
        f'<h1>{here.say("Done")}</h1>{pages.alert(here.say(done), "good") if done else ""}'
        f'<p>{escape(message.get("custom_message") or "")}</p>'))
