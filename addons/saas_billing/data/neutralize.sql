-- a copy of the master asks Stripe nothing, believes nobody and charges nobody
UPDATE saas_stripe_account SET api_key_sealed = NULL, webhook_secrets_sealed = NULL, webhook_secret_count = 0,
       webhook_endpoint = NULL, is_current = FALSE, health = 'unknown', health_looks = NULL;
UPDATE saas_checkout SET url = NULL WHERE url IS NOT NULL;
