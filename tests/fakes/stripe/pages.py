"""What hosted pages are built of: a frame, fields, buttons. No script, no file from elsewhere, readable on a phone."""
from html import escape

from . import cards, words

STYLE = '''
*{box-sizing:border-box}body{margin:0;font:16px/1.5 -apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif;color:#1a1f36;
background:#f6f8fa}a{color:#4f46e5;text-decoration:none}a:hover{text-decoration:underline}
.sandbox{background:#fde68a;color:#713f12;text-align:center;font-size:14px;padding:6px 12px}.sandbox b{margin-right:6px}
main{max-width:960px;margin:0 auto;padding:24px 16px 48px;display:grid;gap:24px}main.narrow{max-width:560px}
@media(min-width:800px){main.wide{grid-template-columns:1fr 1fr;gap:56px;padding-top:48px}}
h1{font-size:22px;margin:0 0 8px;line-height:1.3}h2{font-size:17px;margin:20px 0 12px}
h2:first-child,.muted+h2,h1+h2{margin-top:0}.muted{color:#5b6478;font-size:14px}
.price{font-size:34px;font-weight:650;margin:4px 0}.card{background:#fff;border:1px solid #e3e8ee;border-radius:12px;
padding:20px;box-shadow:0 1px 3px rgba(20,30,60,.06)}.row{display:flex;justify-content:space-between;gap:16px;padding:8px 0;
align-items:flex-start}.row>span+span{text-align:right;white-space:nowrap}
.row form{display:inline-block;margin-left:12px}.row+.row{border-top:1px solid #eef1f5}.total{font-weight:650}
label{display:block;font-size:14px;
font-weight:550;margin:14px 0 4px}input,select,textarea{width:100%;font:inherit;padding:10px 12px;border:1px solid #c8d0da;
border-radius:8px;background:#fff;min-height:44px}input:focus,select:focus,textarea:focus,button:focus-visible,
a:focus-visible{outline:3px solid #a5b4fc;outline-offset:1px}.two{display:grid;grid-template-columns:1fr 1fr;gap:12px}
button,.button{display:block;width:100%;font:inherit;font-weight:600;text-align:center;color:#fff;background:#4338ca;border:0;
border-radius:8px;padding:11px 16px;min-height:44px;margin-top:16px;cursor:pointer}button:hover,.button:hover
{background:#3730a3;text-decoration:none}.light{color:#1a1f36;background:#fff;border:1px solid #c8d0da}.light:hover
{background:#f1f4f8}.red{background:#b42318}.red:hover{background:#912018}.small{width:auto;display:inline-block;margin:0;
padding:6px 14px;min-height:40px}.error{background:#fef2f2;border:1px solid #fca5a5;color:#991b1b;border-radius:8px;
padding:10px 14px;margin:0 0 12px}.good{background:#ecfdf5;border:1px solid #6ee7b7;color:#065f46;border-radius:8px;
padding:10px 14px}.tag{display:inline-block;font-size:13px;border-radius:99px;padding:1px 10px;background:#e0e7ff;
color:#3730a3}.tag.bad{background:#fee2e2;color:#991b1b}.tag.ok{background:#d1fae5;color:#065f46}details{margin-top:14px;
font-size:14px}summary{cursor:pointer;color:#5b6478;padding:6px 0}table{border-collapse:collapse;width:100%}td,th
{padding:5px 4px;text-align:left;border-bottom:1px solid #eef1f5}.inline{display:flex;gap:8px;align-items:center}
.inline input{flex:1;width:auto;min-width:0}.radio{display:flex;gap:10px;align-items:center;font-weight:400;margin:0;
padding:8px 0;font-size:16px}.radio input{width:20px;min-height:20px;flex:none}code{white-space:nowrap}form{margin:0}
footer{text-align:center;padding:0 16px 32px}
'''
HINTS = (('4242 4242 4242 4242', 'is paid'), ('4000 0000 0000 0002', 'is declined'),
         ('4000 0000 0000 9995', 'has insufficient funds'), ('4000 0025 0000 3155', 'asks for 3-D Secure'),
         ('4000 0000 0000 0341', 'is declined later'))


def page(language, title, *parts, kind='narrow', foot=''):
    note = words.say(language, 'This is a sandbox: nobody is charged.')
    return (f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width='
            f'device-width, initial-scale=1"><meta name="robots" content="noindex"><link rel="icon" href="data:,">'
            f'<title>{escape(title)}</title><style>{STYLE}</style></head><body><div class="sandbox" role="note"><b>'
            f'{words.say(language, "Sandbox")}</b>{note}</div><main class="{kind}">{"".join(parts)}</main>'
            f'<footer class="muted">{foot}</footer></body></html>')


def link(url, text, css=''):
    css = f' class="{css}"' if css else ''
    return f'<a href="{escape(url)}"{css}>{escape(text)}</a>'


def alert(text, css='error'):
    role = 'alert' if css == 'error' else 'status'
    return f'<p class="{css}" role="{role}">{escape(text)}</p>' if text else ''


def field(name, label, value='', **attributes):
    """``autocomplete`` and the like; ``inputmode`` brings up the right keyboard of a phone."""
    more = ''.join(f' {key}="{escape(str(text))}"' for key, text in attributes.items())
    return (f'<label for="{name}">{escape(label)}</label><input id="{name}" name="{name}" value="{escape(value)}"{more}>')


def button(text, css='', name='', value=''):
    css = f' class="{css}"' if css else ''
    name = f' name="{name}" value="{escape(value)}"' if name else ''
    return f'<button type="submit"{css}{name}>{escape(text)}</button>'


def form(*parts, action=''):
    action = f' action="{escape(action)}"' if action else ''
    return f'<form method="post"{action} novalidate>{"".join(parts)}</form>'


def rows(*pairs, css=''):
    """Pairs (what, how much) that are HTML already."""
    return ''.join(f'<div class="row {css}"><span>{what}</span><span>{much}</span></div>' for what, much in pairs)


def card(*parts):
    return f'<section class="card">{"".join(parts)}</section>'


# -- cards ------------------------------------------------------------------------------------------------------------
def card_fields(language, given):
    say = words.say
    return ''.join((
        field('cardNumber', say(language, 'Card number'), given.get('cardNumber', ''), autocomplete='cc-number',
              inputmode='numeric', placeholder='4242 4242 4242 4242', maxlength=23),
        '<div class="two"><div>',
        field('cardExpiry', say(language, 'Expiry (MM / YY)'), given.get('cardExpiry', ''), autocomplete='cc-exp',
              inputmode='numeric', placeholder='12 / 34', maxlength=9),
        '</div><div>', field('cardCvc', say(language, 'Security code'), '', autocomplete='cc-csc', inputmode='numeric',
                             placeholder='123', maxlength=4),
        '</div></div>', field('billingName', say(language, 'Name on the card'), given.get('billingName', ''),
                              autocomplete='cc-name'), hints(language)))


def hints(language):
    say = words.say
    lines = ''.join(f'<tr><td><code>{number}</code></td><td>{say(language, what)}</td></tr>' for number, what in HINTS)
    return (f'<details><summary>{say(language, "Test cards")}</summary><table><tr><th>{say(language, "Card")}</th><th>'
            f'{say(language, "What it does")}</th></tr>{lines}</table><p>{say(language, "Any future date and any code.")}</p>'
            '</details>')


def card_problem(given, now):
    """What is wrong with what was typed, in English; ''."""
    digits, expiry = cards.digits_of(given.get('cardNumber', '')), cards.digits_of(given.get('cardExpiry', ''))
    if not cards.is_number(digits):
        return 'Your card number is incorrect.'
    if len(expiry) not in (4, 6) or not 1 <= int(expiry[:2]) <= 12:
        return "Your card's expiration date is incomplete."
    month, year = expiry_of(given)
    today = words.datetime.fromtimestamp(now, words.timezone.utc)
    if (year, month) < (today.year, today.month):
        return "Your card's expiration date is in the past."
    if len(cards.digits_of(given.get('cardCvc', ''))) not in (3, 4):
        return "Your card's security code is incomplete."
    return ''


def expiry_of(given):
    expiry = cards.digits_of(given['cardExpiry'])
    return int(expiry[:2]), int(expiry[2:]) + (2000 if len(expiry) == 4 else 0)


def refusal(language, code):
    """What the page says to a decline code."""
    if code == 'authentication_required':
        return words.say(language, 'We are unable to authenticate your payment method. Please choose a different payment '
                                   'method and try again.')
    text = cards.DECLINES[code][1]
    if code == 'test_mode_live_card':
        text = 'Your card was declined. Your request was in test mode, but used a non test card.'
    return f'{words.say(language, text)} {words.say(language, "Try again or use another card.")}'


def secure_step(language, what, action=''):
    """The bank's page."""
    say = words.say
    return page(language, say(language, '3-D Secure'), card(
        f'<h1>{say(language, "3-D Secure")}</h1><p>{say(language, "Your bank asks you to confirm this payment.")}</p>', what,
        form(button(say(language, 'Complete'), name='answer', value='complete'),
             button(say(language, 'Fail'), 'light', name='answer', value='fail'), action=action)))
