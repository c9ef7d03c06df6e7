"""What hosted pages say, in both languages; and amounts and days as each language writes them."""
from datetime import datetime, timezone

from .lines import SIGNS, places

MONTHS = {'en': ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'],
          'es': ['ene', 'feb', 'mar', 'abr', 'may', 'jun', 'jul', 'ago', 'sept', 'oct', 'nov', 'dic']}
SPANISH = {
    'Sandbox': 'Entorno de prueba', 'This is a sandbox: nobody is charged.': 'Es un entorno de prueba: no se cobra a nadie.',
    'Test cards': 'Tarjetas de prueba', 'Card': 'Tarjeta', 'What it does': 'Qué hace', 'is paid': 'se paga',
    'is declined': 'es rechazada', 'has insufficient funds': 'no tiene fondos', 'is declined later': 'se rechaza más tarde',
    'asks for 3-D Secure': 'pide 3-D Secure', 'Any future date and any code.': 'Cualquier fecha futura y cualquier código.',
    'Back': 'Volver', 'Back to %s': 'Volver a %s', 'Subscribe to %s': 'Suscribirse a %s', 'Try %s': 'Prueba %s',
    'per month': 'al mes', 'per year': 'al año', 'per day': 'al día', 'per week': 'a la semana',
    '%s days free': '%s días gratis', 'Then %s %s': 'Después, %s %s', 'Then %s %s from %s': 'Después, %s %s desde el %s',
    'Quantity: %s': 'Cantidad: %s', 'Subtotal': 'Subtotal', 'Discount': 'Descuento', 'Total due today': 'Total a pagar hoy',
    'Promotion code': 'Código promocional', 'Apply': 'Aplicar', 'This code is invalid.': 'Este código no es válido.',
    'Contact information': 'Datos de contacto', 'Email': 'Correo electrónico', 'Payment method': 'Método de pago',
    'Card number': 'Número de tarjeta', 'Expiry (MM / YY)': 'Caducidad (MM / AA)', 'Security code': 'Código de seguridad',
    'Name on the card': 'Nombre en la tarjeta', 'Subscribe': 'Suscribirse', 'Pay and subscribe': 'Pagar y suscribirse',
    'Start trial': 'Empezar la prueba', 'Pay %s': 'Pagar %s',
    'By confirming, you allow %s to charge you for future payments in accordance with its terms.':
        'Al confirmar, permites que %s te cobre los pagos futuros de acuerdo con sus condiciones.',
    'Your card number is incorrect.': 'El número de tarjeta no es válido.',
    "Your card's expiration date is incomplete.": 'La fecha de caducidad está incompleta.',
    "Your card's expiration date is in the past.": 'La fecha de caducidad ya ha pasado.',
    "Your card's security code is incomplete.": 'El código de seguridad está incompleto.',
    'Enter an email address.': 'Escribe una dirección de correo electrónico.',
    'Your card was declined.': 'Tu tarjeta ha sido rechazada.',
    'Your card has insufficient funds.': 'Tu tarjeta no tiene fondos suficientes.',
    'Your card has expired.': 'Tu tarjeta ha caducado.',
    "Your card's security code is incorrect.": 'El código de seguridad de tu tarjeta es incorrecto.',
    'An error occurred while processing your card. Try again in a little bit.':
        'Se ha producido un error al procesar tu tarjeta. Inténtalo de nuevo en unos instantes.',
    'Your card was declined. Your request was in test mode, but used a non test card.':
        'Tu tarjeta ha sido rechazada: en el entorno de prueba solo valen las tarjetas de prueba.',
    'We are unable to authenticate your payment method. Please choose a different payment method and try again.':
        'No podemos autenticar tu método de pago. Elige otro método de pago e inténtalo de nuevo.',
    'Try again or use another card.': 'Inténtalo de nuevo o usa otra tarjeta.',
    '3-D Secure': '3-D Secure', 'Your bank asks you to confirm this payment.': 'Tu banco te pide que confirmes este pago.',
    'Complete': 'Completar', 'Fail': 'Rechazar', 'Amount': 'Importe',
    'You are all done here': 'Ya has terminado', 'This payment has been completed.': 'Este pago ya se ha completado.',
    'This page has expired': 'Esta página ha caducado',
    'The session has timed out. Go back and start again.': 'La sesión ha caducado. Vuelve atrás y empieza de nuevo.',
    'Continue': 'Continuar', 'Nothing is charged today and no card is needed.': 'Hoy no se cobra nada y no hace falta tarjeta.',
    'Current subscription': 'Suscripción actual', 'Renews on %s': 'Se renueva el %s', 'Ends on %s': 'Termina el %s',
    'Trial ends on %s': 'La prueba termina el %s', 'Past due': 'Pago pendiente', 'Unpaid': 'Sin pagar', 'Active': 'Activa',
    'Trial': 'De prueba', 'Canceled': 'Cancelada', 'Paused': 'En pausa', 'Incomplete': 'Incompleta',
    'Cancel subscription': 'Cancelar la suscripción', "Don't cancel subscription": 'No cancelar la suscripción',
    'Invoice history': 'Historial de facturas', 'Update': 'Cambiar', 'Add payment method': 'Añadir un método de pago',
    'Change payment method': 'Cambiar el método de pago', 'Save': 'Guardar', 'No payment method': 'Sin método de pago',
    'Paid': 'Pagada', 'Open': 'Pendiente', 'Void': 'Anulada', 'Draft': 'Borrador', 'Uncollectible': 'Incobrable',
    'Pay': 'Pagar', 'View': 'Ver', 'Go back': 'Volver', 'expires %s': 'caduca %s', 'Default': 'Predeterminada',
    'Your payment method was changed.': 'Se ha cambiado tu método de pago.', 'The invoice is paid.': 'La factura está pagada.',
    'Your subscription is canceled and stays open until its period ends.':
        'Tu suscripción está cancelada y sigue abierta hasta que termine su periodo.',
    'Your subscription has ended.': 'Tu suscripción ha terminado.',
    'Your subscription is not canceled any more.': 'Tu suscripción ya no está cancelada.',
    'Your subscription stays open until %s.': 'Tu suscripción sigue abierta hasta el %s.',
    'Your subscription ends at once.': 'Tu suscripción termina de inmediato.',
    'Why are you leaving? (optional)': '¿Por qué te vas? (opcional)', 'Anything you want to add (optional)':
        '¿Quieres añadir algo? (opcional)',
    'customer_service': 'La atención al cliente', 'low_quality': 'La calidad', 'missing_features': 'Faltan funciones',
    'other': 'Otro motivo', 'switched_service': 'Uso otro servicio', 'too_complex': 'Es demasiado complicado',
    'too_expensive': 'Es demasiado caro', 'unused': 'No lo uso', 'No answer': 'Sin respuesta',
    'Billing': 'Facturación', 'Return to %s': 'Volver a %s', 'Terms': 'Condiciones', 'Privacy': 'Privacidad',
    'Invoice %s': 'Factura %s', 'Invoice from %s': 'Factura de %s', 'Download PDF': 'Descargar PDF', 'Issued %s': 'Emitida el %s',
    'Billed to': 'Facturada a', 'Total': 'Total', 'Tax': 'Impuestos', 'Applied balance': 'Saldo aplicado',
    'Amount due': 'Importe a pagar', 'Amount paid': 'Importe pagado', 'Nothing yet': 'Todavía nada',
    'There is no payment method yet.': 'Todavía no hay método de pago.',
    'Pay with the card ending in %s': 'Pagar con la tarjeta terminada en %s', 'Pay with another card': 'Pagar con otra tarjeta',
    'This link has expired': 'Este enlace ha caducado',
    'Ask for a new one where you found it.': 'Pide otro en el sitio donde lo encontraste.', 'Done': 'Hecho',
}
ENGLISH = {
    'customer_service': 'Customer service', 'low_quality': 'Quality', 'missing_features': 'Missing features',
    'other': 'Other reason', 'switched_service': 'I use another service', 'too_complex': 'Too complex',
    'too_expensive': 'Too expensive', 'unused': "I don't use it"}


def say(language, text, *values):
    words = SPANISH.get(text, text) if language == 'es' else ENGLISH.get(text, text)
    return words % values if values else words


def language_of(locale, visit):
    """That of the session, else the browser's."""
    short = (locale or 'auto')[:2]
    return short if short in ('en', 'es') else visit.language


def amount(value, currency, language):
    """€29.00; 29,00 €"""
    digits = places(currency)
    text = f'{abs(value) / 10 ** digits:,.{digits}f}'
    sign, minus = SIGNS.get(currency, f'{currency.upper()} ').strip(), '-' if value < 0 else ''
    if language == 'es':
        text = text.replace(',', ' ').replace('.', ',').replace(' ', '.')
        return f'{minus}{text}\u00a0{sign}'
    return f'{minus}{sign}{" " if sign.isalpha() else ""}{text}'


def date(moment, language):
    found = datetime.fromtimestamp(moment, timezone.utc)
    return f'{found.day} {MONTHS[language][found.month - 1]} {found.year}'
