-- a copy of the master changes nothing at Cloudflare and tells nobody
UPDATE saas_root_domain SET api_token_sealed = NULL;
UPDATE saas_webhook SET state = 'paused', pause_reason = 'person' WHERE state = 'live';
