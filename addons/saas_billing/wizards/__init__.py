from . import saas_subscription_act
