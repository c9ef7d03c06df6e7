"""What happens outside the control plane for a custom domain: DNS, Cloudflare, the tunnel. Plain Python without Odoo."""
